"""Handlers of import and export: each answer is a state of the job that a client polls.

Shapes are those of Cloudflare's API reference, and of what wrangler reads: it goes by `errors` for an import and by
`error` for an export, and takes a job to be running as long as its `status` is neither "complete" nor "error".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from d1_emulator.api import responses, transfer_requests
from d1_emulator.transfers.dump import DumpRefused
from d1_emulator.transfers.imports import total
from d1_emulator.transfers.links import Link
from pulumi_d1.errors import SqlError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from d1_emulator.api.call import Call
    from d1_emulator.databases.database import Outcome
    from d1_emulator.transfers.jobs import Job

T = TypeVar("T")

FILES: Final = "/files"
"""Path under which links lie, outside of the API: a key in the address stands for the token."""

_ACTIVE: Final = 202


def import_(call: Call) -> Response:
    """POST: bring in a file of SQL, in steps."""
    uuid, region, imports = call.uuid, call.region, call.transfers.imports
    match transfer_requests.import_request(call.body):
        case transfer_requests.Init(etag):
            begun = imports.init(uuid, call.database, etag)
            if isinstance(begun, Link):
                return responses.success({"filename": begun.name, "upload_url": _url(call, begun)})
            return _import_answer(begun, region)
        case transfer_requests.Ingest(filename, etag):
            return _import_answer(imports.ingest(uuid, call.database, filename, etag), region)
        case transfer_requests.Poll():
            return _import_answer(imports.poll(uuid), region)


def export(call: Call) -> Response:
    """POST: start an export, or ask after it."""
    call.registry.find(call.account, call.uuid)
    asked, exports = transfer_requests.export_request(call.body), call.transfers.exports
    polled = asked.bookmark is not None
    job = exports.poll(call.uuid) if polled else exports.start(call.uuid, call.database, asked.options)
    return _answer("export", job, lambda link: {"filename": link.name, "signed_url": _url(call, link)})


def _import_answer(job: Job[Outcome] | None, region: str) -> Response:
    def shown(outcome: Outcome) -> dict[str, Any]:
        meta = responses.meta(total(outcome.results), outcome.size_after, region)
        return {"num_queries": len(outcome.results), "final_bookmark": outcome.bookmark, "meta": meta}

    return _answer("import", job, shown)


def _answer(kind: str, job: Job[T] | None, shown: Callable[[T], dict[str, Any]]) -> Response:
    """Tell the state of a job; `shown` writes what it gave."""
    if job is None:
        text = f"Not currently {kind}ing anything."
        return responses.success({"type": kind, "success": False, "status": "error", "error": text, "messages": []})
    if not job.outcome.done():
        return responses.success(_state(kind, "active", job), status=_ACTIVE)
    try:
        outcome = job.outcome.result()
    except (DumpRefused, SqlError) as error:
        return responses.success({**_state(kind, "error", job), "error": str(error), "errors": [str(error)]})
    return responses.success({**_state(kind, "complete", job), "result": shown(outcome)})


def _state(kind: str, status: str, job: Job[Any]) -> dict[str, Any]:
    messages: list[str] = []  # the service logs its progress here; there is nothing to tell of work this short
    return {"type": kind, "success": True, "status": status, "at_bookmark": job.bookmark, "messages": messages}


def _url(call: Call, link: Link) -> str:
    return f"{call.origin}{FILES}/{link.key}"
