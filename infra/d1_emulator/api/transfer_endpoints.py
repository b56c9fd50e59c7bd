"""The endpoints of imports and exports: each answer is the state of a job that a client polls.

Shapes are those of Cloudflare's API reference, and of what wrangler reads. wrangler reads `errors` for an import and
`error` for an export. It takes a job as running unless its `status` is "complete" or "error".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from d1_emulator.api import envelope
from d1_emulator.api.call import DATABASE
from d1_emulator.api.json_object import JsonObject
from d1_emulator.api.sql_endpoints import meta
from d1_emulator.api_errors import ImportDied, ServiceLimit
from d1_emulator.transfers.dump import DumpOptions, DumpRefused
from d1_emulator.transfers.imports import md5, total
from d1_emulator.transfers.links import Link
from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite.execute import Query

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from d1_emulator.api.call import Call, Routes
    from d1_emulator.databases.emulated_database import BatchOutcome
    from d1_emulator.transfers.imports import RunSql
    from d1_emulator.transfers.jobs import Job
    from d1_emulator.transfers.links import Links, Method

T = TypeVar("T")

_FILES: Final = "/files"  # outside of the API: the key in a link replaces the token
_ACTIVE: Final = 202
_MD5: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class ImportInit:
    """An announcement of a file with this MD5."""

    etag: str


@dataclass(frozen=True, slots=True)
class ImportIngest:
    """A request to import the uploaded file with this name and MD5."""

    filename: str
    etag: str


@dataclass(frozen=True, slots=True)
class ImportPoll:
    """A request for the state of the import."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """A request to start an export, or for its state.

    Attributes:
        is_poll: True for the state.
    """

    options: DumpOptions
    is_poll: bool


def _import_request(body: bytes) -> ImportInit | ImportIngest | ImportPoll:
    given = JsonObject.parse(body)
    match given.choice("action", ("init", "ingest", "poll")):
        case "init":
            return ImportInit(_etag(given))
        case "ingest":
            return ImportIngest(given.text("filename"), _etag(given))
        case _:
            given.text("current_bookmark")  # required, but not compared: there is at most one import
            return ImportPoll()


def _etag(given: JsonObject) -> str:
    etag = given.text("etag")
    if not _MD5.fullmatch(etag):
        raise given.problem("etag", "Invalid, it must be an MD5 in lower case hexadecimal digits")
    return etag


def _export_request(body: bytes) -> ExportRequest:
    given = JsonObject.parse(body)
    given.choice("output_format", ("polling",))
    is_poll = given.values.get("current_bookmark") is not None
    if is_poll:
        given.text("current_bookmark")  # not compared: there is at most one export
    return ExportRequest(_dump_options(JsonObject(given.values.get("dump_options", {}), "dump_options")), is_poll)


def _dump_options(given: JsonObject) -> DumpOptions:
    tables = given.values.get("tables", [])
    if not isinstance(tables, list) or not all(isinstance(table, str) for table in tables):
        raise given.problem("tables", "Expected array of strings")
    return DumpOptions(
        schema=not given.flag("no_schema", default=False),
        data=not given.flag("no_data", default=False),
        tables=frozenset(tables),
    )


def import_(call: Call) -> Response:
    """POST: import a file of SQL, in steps."""
    uuid, region, imports = call.uuid, call.region, call.transfers.imports
    match _import_request(call.body):
        case ImportInit(etag):
            started = imports.init(uuid, call.database, etag, _run_sql(call))
            if isinstance(started, Link):
                return envelope.success({"filename": started.name, "upload_url": _url(call, started)})
            return _import_state(started, region)
        case ImportIngest(filename, etag):
            return _import_state(imports.ingest(uuid, call.database, filename, etag, _run_sql(call)), region)
        case ImportPoll():
            return _import_state(imports.poll(uuid), region)


def _run_sql(call: Call) -> RunSql:
    """Return the function that runs the SQL of an import."""
    database, limits = call.database, call.registry.limits.of_import
    if call.imports_by_statement:
        return lambda sql: database.import_statements(sql, limits, call.imports_die_ms)
    return lambda sql: database.run([Query(sql)], limits)


def export(call: Call) -> Response:
    """POST: start an export, or return its state."""
    call.registry.find(call.account, call.uuid)
    request, exports = _export_request(call.body), call.transfers.exports
    job = exports.poll(call.uuid) if request.is_poll else exports.start(call.uuid, call.database, request.options)
    return _job_state("export", job, lambda link: {"filename": link.name, "signed_url": _url(call, link)})


def _import_state(job: Job[BatchOutcome] | None, region: str) -> Response:
    def describe(outcome: BatchOutcome) -> dict[str, Any]:
        sums = meta(total(outcome.results), outcome.size_after, region)
        return {"num_queries": len(outcome.results), "final_bookmark": outcome.bookmark, "meta": sums}

    return _job_state("import", job, describe)


def _job_state(kind: str, job: Job[T] | None, describe: Callable[[T], dict[str, Any]]) -> Response:
    """Return the state of a job; `describe` writes its outcome."""
    if job is None:
        return _no_job(kind)
    if not job.outcome.done():
        return active_job(kind, job.bookmark)
    try:
        outcome = job.outcome.result()
    except ImportDied:
        return _no_job(kind)
    except (DumpRefused, ServiceLimit, SqlError) as error:
        return failed_job(kind, job.bookmark, str(error))
    return envelope.success({**_state(kind, "complete", job.bookmark), "result": describe(outcome)})


def _no_job(kind: str) -> Response:
    text = f"Not currently {kind}ing anything."
    return envelope.success({"type": kind, "success": False, "status": "error", "error": text, "messages": []})


def active_job(kind: str, bookmark: str) -> Response:
    """Return the state of a job that is running."""
    return envelope.success(_state(kind, "active", bookmark), status=_ACTIVE)


def failed_job(kind: str, bookmark: str, error: str) -> Response:
    """Return the state of a job that has failed."""
    return envelope.success({**_state(kind, "error", bookmark), "error": error, "errors": [error]})


def _state(kind: str, status: str, bookmark: str) -> dict[str, Any]:
    # The service logs progress in `messages`; jobs here are too short for that.
    return {"type": kind, "success": True, "status": status, "at_bookmark": bookmark, "messages": []}


def _url(call: Call, link: Link) -> str:
    return f"{call.origin}{_FILES}/{link.key}"


def file_route(links: Links) -> Route:
    """Return the route of all links: uploads and downloads without a token, as on the service's R2."""

    async def answer(request: Request) -> Response:
        method: Method = "PUT" if request.method == "PUT" else "GET"
        link = links.find(request.path_params["key"], method)
        if link is None:
            return PlainTextResponse("This link is not valid, or no longer.", 403)
        if method == "PUT":
            return await run_in_threadpool(_store, link, await request.body())
        return FileResponse(link.path, media_type="application/sql", filename=link.name)

    return Route(f"{_FILES}/{{key}}", answer, methods=["GET", "PUT"])


def _store(link: Link, content: bytes) -> Response:
    unfinished = link.path.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.replace(link.path)
    return Response(headers={"ETag": f'"{md5(content)}"'})


ROUTES: Final[Routes] = {
    DATABASE + "/import": {"POST": import_},
    DATABASE + "/export": {"POST": export},
}
