"""Reads requests: what a path, a query string and a JSON body say, checked. Pure; every refusal is an `ApiError`.

The texts follow those that users of the service have reported, such as `Invalid property: name => Required`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from d1_emulator.api import bodies
from d1_emulator.errors import Malformed, RouteUnknown
from d1_emulator.timetravel.history import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping
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
    document = bodies.document(body)
    region = bodies.choice(document, "primary_location_hint", _REGIONS)
    return NewDatabase(
        name=_name(document),
        region=None if region is None else region.upper(),
        jurisdiction=bodies.choice(document, "jurisdiction", _JURISDICTIONS),
        replication=_replication(document) or "disabled",
    )


def replication_mode(body: bytes, *, required: bool) -> str | None:
    """Read the body of an update (`required`) or edit request; None where it says nothing."""
    mode = _replication(bodies.document(body))
    if mode is None and required:
        raise Malformed.at("read_replication", "Required")
    return mode


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
            raise Malformed.at("fields", bodies.not_a_choice(FIELDS, field))
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


def _name(document: dict[str, Any]) -> str:
    name = bodies.text(document, "name")
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
        raise Malformed.at("read_replication", f"Expected object, received {bodies.kind(value)}")
    mode = bodies.choice(value, "mode", _REPLICATION_MODES)
    if mode is None:
        raise Malformed.at("read_replication.mode", "Required")
    return mode


def _whole_number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise Malformed.at(name, "Expected number, received nan")
    return int(text)
