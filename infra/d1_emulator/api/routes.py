"""Method and path -> handler. A handler is a plain function from a `Call` to a response, run in a worker thread.

All paths lie under /client/v4. Of Cloudflare's other services there is only what wrangler asks before it starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from d1_emulator.api import queries, requests, responses, splitter
from d1_emulator.api.analytics import graphql
from d1_emulator.api.transfer_routes import export, import_
from d1_emulator.errors import Malformed, SqlRefused
from pulumi_d1.errors import SqlError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from d1_emulator.api.call import Call, Handler
    from d1_emulator.databases.database import Outcome


def create(call: Call) -> Response:
    """POST: make a database."""
    asked = requests.new_database(call.body)
    record = call.registry.create(call.account, asked.name, asked.region, asked.jurisdiction, asked.replication)
    size = call.registry.database(call.account, record.uuid).size()
    shown = responses.database(record, size, requests.FIELDS)
    return responses.success({**shown, "created_in_region": record.region})


def listing(call: Call) -> Response:
    """GET: one page of an account's databases."""
    page = requests.page(call.query)
    found = call.registry.search(call.account, page.name)
    start = (page.number - 1) * page.length
    items = [responses.database_item(record) for record in found[start : start + page.length]]
    info = {"count": len(items), "page": page.number, "per_page": page.length, "total_count": len(found)}
    return responses.success(items, result_info=info)


def get(call: Call) -> Response:
    """GET: one database, by uuid or by name."""
    fields = requests.fields(call.query)
    record = call.registry.find(call.account, call.path["database"])
    size = call.registry.database(call.account, record.uuid).size()
    return responses.success(responses.database(record, size, fields))


def update(call: Call) -> Response:
    """PUT: set the read replication, which must be given."""
    return _set_replication(call, requests.replication_mode(call.body, required=True))


def edit(call: Call) -> Response:
    """PATCH: set the read replication, if it is given."""
    return _set_replication(call, requests.replication_mode(call.body, required=False))


def delete(call: Call) -> Response:
    """DELETE: remove a database with its history."""
    call.registry.delete(call.account, call.uuid)
    return responses.success(None)


def query(call: Call) -> Response:
    """POST: run SQL; rows as objects."""
    return responses.success(responses.query_results(_run(call), call.region))


def raw(call: Call) -> Response:
    """POST: run SQL; rows as arrays."""
    return responses.success(responses.raw_results(_run(call), call.region))


def bookmark(call: Call) -> Response:
    """GET: the bookmark of now, or of a time."""
    moment = requests.timestamp(call.query)
    database = call.database
    found = database.bookmark() if moment is None else database.bookmark_at(moment, call.registry.limits.retention)
    return responses.success({"bookmark": found})


def restore(call: Call) -> Response:
    """POST: go back to a bookmark or a time. Everything is in the query string; a body is not read."""
    database = call.database
    wanted, moment = call.query.get("bookmark"), requests.timestamp(call.query)
    if (wanted is None) == (moment is None):
        raise Malformed("The request is malformed: give either bookmark or timestamp")
    if moment is not None:
        wanted = database.bookmark_at(moment, call.registry.limits.retention)
    call.registry.count_restore(call.uuid)
    restored = database.restore(wanted or "")
    return responses.success(
        {
            "bookmark": restored.bookmark,
            "previous_bookmark": restored.previous_bookmark,
            "message": "Database restored successfully",
        }
    )


def verify_token(_call: Call) -> Response:
    """GET: wrangler asks this after an error 10000."""
    return responses.success({"id": "0" * 32, "status": "active"})


def accounts(_call: Call) -> Response:
    """GET: wrangler asks this where no account id is set."""
    return responses.success([_ACCOUNT], result_info=_ONE)


def memberships(_call: Call) -> Response:
    """GET: wrangler asks this where no account id is set."""
    return responses.success([{"id": "0" * 32, "status": "accepted", "account": _ACCOUNT}], result_info=_ONE)


def _run(call: Call) -> Outcome:
    batch = queries.read(call.body)
    database = call.database
    try:
        return database.run(splitter.cut(batch) if call.strict_splitter else batch)
    except SqlError as error:
        raise SqlRefused(str(error)) from error


def _set_replication(call: Call, mode: str | None) -> Response:
    if mode is None:
        record = call.registry.find(call.account, call.uuid)
    else:
        record = call.registry.set_replication(call.account, call.uuid, mode)
    return responses.success(responses.database(record, call.database.size(), requests.FIELDS))


DEFAULT_ACCOUNT_ID: Final = "d1" * 16
"""The account id that the emulator names when asked; any other works as well."""

_ACCOUNT: Final = {"id": DEFAULT_ACCOUNT_ID, "name": "Emulator", "type": "standard"}
_ONE: Final = {"count": 1, "page": 1, "per_page": 20, "total_count": 1, "total_pages": 1}

_DATABASES: Final = "/accounts/{account}/d1/database"
_DATABASE: Final = _DATABASES + "/{database}"

ROUTES: Final[Mapping[str, Mapping[str, Handler]]] = {
    "/user/tokens/verify": {"GET": verify_token},
    "/accounts": {"GET": accounts},
    "/memberships": {"GET": memberships},
    "/graphql": {"POST": graphql},
    _DATABASES: {"POST": create, "GET": listing},
    _DATABASE: {"GET": get, "PUT": update, "PATCH": edit, "DELETE": delete},
    _DATABASE + "/query": {"POST": query},
    _DATABASE + "/raw": {"POST": raw},
    _DATABASE + "/import": {"POST": import_},
    _DATABASE + "/export": {"POST": export},
    _DATABASE + "/time_travel/bookmark": {"GET": bookmark},
    _DATABASE + "/time_travel/restore": {"POST": restore},
}
"""Path below /client/v4 -> method -> handler."""


def endpoint(handler: Handler) -> str:
    """Name the endpoint of a handler: faults are aimed by it."""
    return handler.__name__.rstrip("_")


ENDPOINTS: Final = frozenset(endpoint(handler) for handlers in ROUTES.values() for handler in handlers.values())
"""The names of all endpoints."""
