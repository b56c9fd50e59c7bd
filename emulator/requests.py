"""Reads requests: what a path, a query string and a JSON body say, checked. Pure; every refusal is an `ApiError`.

The texts follow those that users of the service have reported, such as `Invalid property: name => Required`.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

from emulator.errors import Malformed, RouteUnknown
from emulator.history import parse_time
from infra.sqlite.execute import Query, SQLValue
from infra.sqlite.statements import split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

FIELDS: Final = (
    "uuid",
    "name",
    "created_at",
    "version",
    "num_tables",
    "file_size",
    "running_in_region",
    "read_replication",
    "jurisdiction",
)
"""The properties of a database that can be asked for."""

_ACCOUNT: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,31}")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]*")
_NAME_CHARACTERS: Final = 64
_REGIONS: Final = ("wnam", "enam", "weur", "eeur", "apac", "oc")
_JURISDICTIONS: Final = ("eu", "fedramp", "us")
_REPLICATION_MODES: Final = ("auto", "disabled")
_PER_PAGE: Final = range(10, 10_001)
_DEFAULT_PER_PAGE: Final = 1000
_INTEGERS: Final = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class NewDatabase:
    """A request to create a database; `region` in capitals, None where the request leaves it open."""

    name: str
    region: str | None
    jurisdiction: str | None
    replication: str


@dataclass(frozen=True, slots=True)
class Page:
    """A request for one page of a list: its number from 1, its length, and what names must contain."""

    number: int
    length: int
    name: str


def account_id(text: str) -> str:
    """Check an account id. Raises RouteUnknown, as the service does for anything that cannot be one."""
    if not _ACCOUNT.fullmatch(text):
        raise RouteUnknown
    return text


def database_id(text: str) -> str:
    """Check a database's uuid, and write it as the registry does."""
    uuid = text.lower()
    if not _UUID.fullmatch(uuid):
        raise Malformed.at("databaseId", "Invalid uuid")
    return uuid


def new_database(body: bytes) -> NewDatabase:
    """Read the body of a create request."""
    document = _document(body)
    region = _choice(document, "primary_location_hint", _REGIONS)
    return NewDatabase(
        name=_name(document),
        region=None if region is None else region.upper(),
        jurisdiction=_choice(document, "jurisdiction", _JURISDICTIONS),
        replication=_replication(document) or "disabled",
    )


def replication_mode(body: bytes, *, required: bool) -> str | None:
    """Read the body of an update (`required`) or edit request; None where it says nothing."""
    mode = _replication(_document(body))
    if mode is None and required:
        raise Malformed.at("read_replication", "Required")
    return mode


def queries(body: bytes) -> tuple[Query, ...]:
    """Read the body of a query request: `sql` with optional `params`, or a `batch` of such."""
    document = _document(body)
    if "batch" not in document:
        return (_query(document, ""),)
    if "sql" in document:
        raise Malformed("The request is malformed: sql and batch cannot be given together")
    batch = document["batch"]
    if not isinstance(batch, list):
        raise Malformed.at("batch", f"Expected array, received {_kind(batch)}")
    if not batch:
        raise Malformed.at("batch", "Array must contain at least 1 element(s)")
    for index, item in enumerate(batch):
        if not isinstance(item, dict):
            raise Malformed.at(f"batch[{index}]", f"Expected object, received {_kind(item)}")
    return tuple(_query(item, f"batch[{index}].") for index, item in enumerate(batch))


def page(query: Mapping[str, str]) -> Page:
    """Read the query string of a list request."""
    number = _whole_number(query, "page", 1)
    length = _whole_number(query, "per_page", _DEFAULT_PER_PAGE)
    if number < 1:
        raise Malformed.at("page", "Number must be greater than or equal to 1")
    if length not in _PER_PAGE:
        raise Malformed.at("per_page", f"Number must be from {_PER_PAGE.start} to {_PER_PAGE.stop - 1}")
    return Page(number, length, query.get("name", ""))


def fields(query: Mapping[str, str]) -> tuple[str, ...]:
    """Read which properties a get request asks for; all of them where it does not say."""
    if "fields" not in query:
        return FIELDS
    asked = tuple(field.strip() for field in query["fields"].split(","))
    for field in asked:
        if field not in FIELDS:
            raise Malformed.at("fields", _not_a_choice(FIELDS, field))
    return asked


def timestamp(query: Mapping[str, str]) -> datetime | None:
    """Read the time of a Time Travel request; None where it asks for the present."""
    text = query.get("timestamp")
    if text is None:
        return None
    try:
        return parse_time(text)
    except ValueError:
        raise Malformed.at("timestamp", "Invalid datetime") from None


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Malformed("The request is malformed: the body is not JSON") from None
    if not isinstance(document, dict):
        raise Malformed(f"The request is malformed: Expected object, received {_kind(document)}")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _query(item: dict[str, Any], where: str) -> Query:
    sql = _text(item, "sql", where)
    params = item.get("params")
    if params is None:
        return Query(sql)
    if not isinstance(params, list):
        raise Malformed.at(f"{where}params", f"Expected array, received {_kind(params)}")
    if params and len(split(sql)) > 1:
        raise Malformed("The request is malformed: params with multiple statements is not supported")
    return Query(sql, tuple(_param(value, f"{where}params[{index}]") for index, value in enumerate(params)))


def _param(value: object, where: str) -> SQLValue:
    """Turn a JSON value into SQLite's. What has no place in 64 bits becomes a float, as JavaScript has it anyway."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int) and value not in _INTEGERS:
        # An integer of more than 308 digits overflows; JavaScript reads it as infinity, and stores NULL.
        return float(value) if abs(value) < 2**1023 else math.copysign(math.inf, value)
    if isinstance(value, str):
        return _without_lone_surrogates(value)
    if value is None or isinstance(value, (int, float)):
        return value
    raise Malformed.at(where, f"Expected string, received {_kind(value)}")


def _text(item: dict[str, Any], name: str, where: str = "") -> str:
    if name not in item:
        raise Malformed.at(f"{where}{name}", "Required")
    value = item[name]
    if not isinstance(value, str):
        raise Malformed.at(f"{where}{name}", f"Expected string, received {_kind(value)}")
    return _without_lone_surrogates(value)


def _without_lone_surrogates(text: str) -> str:
    """Replace halves of surrogate pairs, which JSON can carry and UTF-8 cannot, as JavaScript's encoder does."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _name(document: dict[str, Any]) -> str:
    name = _text(document, "name")
    if not _NAME.fullmatch(name):
        raise Malformed.at("name", f"Invalid, it must match ^{_NAME.pattern}$")
    if len(name) > _NAME_CHARACTERS:
        raise Malformed.at("name", f"String must contain at most {_NAME_CHARACTERS} character(s)")
    return name


def _replication(document: dict[str, Any]) -> str | None:
    if "read_replication" not in document:
        return None
    value = document["read_replication"]
    if not isinstance(value, dict):
        raise Malformed.at("read_replication", f"Expected object, received {_kind(value)}")
    mode = _choice(value, "mode", _REPLICATION_MODES)
    if mode is None:
        raise Malformed.at("read_replication.mode", "Required")
    return mode


def _choice(document: dict[str, Any], name: str, choices: Sequence[str]) -> str | None:
    if name not in document:
        return None
    value = document[name]
    if value not in choices:
        raise Malformed.at(name, _not_a_choice(choices, value))
    return str(value)


def _not_a_choice(choices: Sequence[str], value: object) -> str:
    return f"Invalid enum value. Expected {' | '.join(map(repr, choices))}, received {value!r}"


def _whole_number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise Malformed.at(name, "Expected number, received nan")
    return int(text)


def _kind(value: object) -> str:
    """Name the type of a JSON value as JavaScript does."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"
