"""Handlers of import and export: each answer is a state of the job that a client polls.

Shapes are those of Cloudflare's API reference, and of what wrangler reads: it goes by `errors` for an import and by
`error` for an export, and takes a job to be running as long as its `status` is neither "complete" nor "error".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from emulator import responses, transfer_requests
from emulator.dump import DumpRefused
from emulator.imports import total
from emulator.links import Link
from infra.errors import SqlError

if TYPE_CHECKING:
    from starlette.responses import Response

    from emulator.call import Call
    from emulator.database import Outcome
    from emulator.jobs import Job
    from infra.errors import D1Error

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
            return _import_state(begun, region)
        case transfer_requests.Ingest(filename, etag):
            return _import_state(imports.ingest(uuid, call.database, filename, etag), region)
        case transfer_requests.Poll():
            return _import_state(imports.poll(uuid), region)


def export(call: Call) -> Response:
    """POST: start an export, or ask after it."""
    call.registry.find(call.account, call.uuid)
    asked, exports = transfer_requests.export_request(call.body), call.transfers.exports
    polled = asked.bookmark is not None
    job = exports.poll(call.uuid) if polled else exports.start(call.uuid, call.database, asked.options)
    if job is None:
        return _nothing("export", "Not currently exporting anything.")
    if not job.outcome.done():
        return _active("export", job)
    try:
        link = job.outcome.result()
    except DumpRefused as error:
        return _failed("export", job, error)
    return _complete("export", job, {"filename": link.name, "signed_url": _url(call, link)})


def _import_state(job: Job[Outcome] | None, region: str) -> Response:
    if job is None:
        return _nothing("import", "Not currently importing anything.")
    if not job.outcome.done():
        return _active("import", job)
    try:
        outcome = job.outcome.result()
    except SqlError as error:
        return _failed("import", job, error)
    meta = responses.meta(total(outcome.results), outcome.size_after, region)
    result = {"num_queries": len(outcome.results), "final_bookmark": outcome.bookmark, "meta": meta}
    return _complete("import", job, result)


def _active(kind: str, job: Job[Any]) -> Response:
    return responses.success(_state(kind, "active", job), status=_ACTIVE)


def _complete(kind: str, job: Job[Any], result: dict[str, Any]) -> Response:
    return responses.success({**_state(kind, "complete", job), "result": result})


def _failed(kind: str, job: Job[Any], error: D1Error) -> Response:
    return responses.success({**_state(kind, "error", job), "error": str(error), "errors": [str(error)]})


def _nothing(kind: str, text: str) -> Response:
    return responses.success({"type": kind, "success": False, "status": "error", "error": text, "messages": []})


def _state(kind: str, status: str, job: Job[Any]) -> dict[str, Any]:
    messages: list[str] = []  # the service logs its progress here; there is nothing to tell of work this short
    return {"type": kind, "success": True, "status": status, "at_bookmark": job.bookmark, "messages": messages}


def _url(call: Call, link: Link) -> str:
    return f"{call.origin}{FILES}/{link.key}"
