"""The endpoints that create, list, get, change and delete databases.

Shapes are those of Cloudflare's API reference, and of answers of the service that users have published.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from d1_emulator.api import envelope
from d1_emulator.api.call import DATABASE, DATABASES
from d1_emulator.api.json_object import JsonObject, not_a_choice
from d1_emulator.api_errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from starlette.responses import Response

    from d1_emulator.api.call import Call, Routes
    from d1_emulator.databases.sql_session import DatabaseSize
    from d1_emulator.databases.state_folder import DatabaseRecord

_NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]*")
_NAME_CHARACTERS: Final = 64
_REGIONS: Final = ("wnam", "enam", "weur", "eeur", "apac", "oc")
_JURISDICTIONS: Final = ("eu", "fedramp", "us")
_REPLICATION_MODES: Final = ("auto", "disabled")
_PER_PAGE: Final = range(10, 10_001)
_DEFAULT_PER_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class NewDatabase:
    """A request to create a database.

    Attributes:
        region: The region in capitals, or None if the request names none.
    """

    name: str
    region: str | None
    jurisdiction: str | None
    replication: str


@dataclass(frozen=True, slots=True)
class ListPage:
    """A request for one page of a list.

    Attributes:
        number: The page's number, from 1.
        name: The text that names must contain; empty for all.
    """

    number: int
    length: int
    name: str


def _new_database(body: bytes) -> NewDatabase:
    given = JsonObject.parse(body)
    region = given.optional_choice("primary_location_hint", _REGIONS)
    return NewDatabase(
        name=_database_name(given),
        region=None if region is None else region.upper(),
        jurisdiction=given.optional_choice("jurisdiction", _JURISDICTIONS),
        replication=_replication(given) or "disabled",
    )


def _database_name(given: JsonObject) -> str:
    name = given.text("name")
    if not _NAME.fullmatch(name):
        raise given.problem("name", f"Invalid, it must match ^{_NAME.pattern}$")
    if len(name) > _NAME_CHARACTERS:
        raise given.problem("name", f"String must contain at most {_NAME_CHARACTERS} character(s)")
    return name


def _replication(given: JsonObject) -> str | None:
    if "read_replication" not in given.values:
        return None
    return given.child("read_replication").choice("mode", _REPLICATION_MODES)


def _list_page(query: Mapping[str, str]) -> ListPage:
    number = _whole_number(query, "page", 1)
    length = _whole_number(query, "per_page", _DEFAULT_PER_PAGE)
    if number < 1:
        raise Malformed.at("page", "Number must be greater than or equal to 1")
    if length not in _PER_PAGE:
        raise Malformed.at("per_page", f"Number must be from {_PER_PAGE.start} to {_PER_PAGE.stop - 1}")
    return ListPage(number, length, query.get("name", ""))


def _whole_number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise Malformed.at(name, "Expected number, received nan")
    return int(text)


def _fields(query: Mapping[str, str], known: Collection[str]) -> list[str]:
    """Return the properties that a get request asks for, or all known ones if it names none."""
    if "fields" not in query:
        return list(known)
    fields = [field.strip() for field in query["fields"].split(",")]
    for field in fields:
        if field not in known:
            raise Malformed.at("fields", not_a_choice(known, field))
    return fields


def _description(call: Call, record: DatabaseRecord, size: DatabaseSize) -> dict[str, Any]:
    is_null = call.null_replication and record.replication == "disabled"
    return {
        "uuid": record.uuid,
        "name": record.name,
        "created_at": record.created_at,
        "version": "production",
        "num_tables": size.num_tables,
        "file_size": size.file_size,
        "running_in_region": record.region,
        "read_replication": None if is_null else {"mode": record.replication},
        "jurisdiction": record.jurisdiction,
    }


def _list_item(record: DatabaseRecord) -> dict[str, Any]:
    """Return a database as an item of a list, which has fewer properties."""
    return {
        "uuid": record.uuid,
        "name": record.name,
        "version": "production",
        "created_at": record.created_at,
        "jurisdiction": record.jurisdiction,
    }


def listing(call: Call) -> Response:
    """GET: one page of an account's databases."""
    page = _list_page(call.query)
    records = call.registry.search(call.account, page.name)
    start = (page.number - 1) * page.length
    items = [_list_item(record) for record in records[start : start + page.length]]
    info = {"count": len(items), "page": page.number, "per_page": page.length, "total_count": len(records)}
    return envelope.success(items, result_info=info)


def create(call: Call) -> Response:
    """POST: create a database."""
    new = _new_database(call.body)
    record = call.registry.create(call.account, new.name, new.region, new.jurisdiction, new.replication)
    size = call.registry.database(call.account, record.uuid).size()
    return envelope.success({**_description(call, record, size), "created_in_region": record.region})


def get(call: Call) -> Response:
    """GET: one database, by uuid or by name."""
    record = call.registry.find(call.account, call.path["database"])
    description = _description(call, record, call.registry.database(call.account, record.uuid).size())
    return envelope.success({field: description[field] for field in _fields(call.query, description)})


def update(call: Call) -> Response:
    """PUT: set the read replication, which is required."""
    mode = _replication(JsonObject.parse(call.body))
    if mode is None:
        raise Malformed.at("read_replication", "Required")
    return _set_replication(call, mode)


def edit(call: Call) -> Response:
    """PATCH: set the read replication, if the body names it."""
    return _set_replication(call, _replication(JsonObject.parse(call.body)))


def _set_replication(call: Call, mode: str | None) -> Response:
    if mode is None:
        record = call.registry.find(call.account, call.uuid)
    else:
        record = call.registry.set_replication(call.account, call.uuid, mode)
    return envelope.success(_description(call, record, call.database.size()))


def delete(call: Call) -> Response:
    """DELETE: delete a database with its history."""
    call.registry.delete(call.account, call.uuid)
    return envelope.success(None)


ROUTES: Final[Routes] = {
    DATABASES: {"GET": listing, "POST": create},
    DATABASE: {"GET": get, "PUT": update, "PATCH": edit, "DELETE": delete},
}
