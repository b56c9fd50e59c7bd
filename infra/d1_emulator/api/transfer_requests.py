"""Reads the bodies of import and export requests. Pure; every refusal is a `Malformed`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from d1_emulator.api import bodies
from d1_emulator.errors import Malformed
from d1_emulator.transfers.dump import DumpOptions

_MD5: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Init:
    """A client has a file with this MD5."""

    etag: str


@dataclass(frozen=True, slots=True)
class Ingest:
    """A client has uploaded the file of this name and MD5."""

    filename: str
    etag: str


@dataclass(frozen=True, slots=True)
class Poll:
    """A client asks how its import is doing. The bookmark is not compared: there is one import at most."""

    bookmark: str


@dataclass(frozen=True, slots=True)
class Export:
    """A client asks for an export; `bookmark` is None where it is to start, and not compared where it is polled."""

    options: DumpOptions
    bookmark: str | None


def import_request(body: bytes) -> Init | Ingest | Poll:
    """Read the body of an import request."""
    document = bodies.document(body)
    match bodies.choice(document, "action", ("init", "ingest", "poll")):
        case "init":
            return Init(_etag(document))
        case "ingest":
            return Ingest(bodies.text(document, "filename"), _etag(document))
        case "poll":
            return Poll(bodies.text(document, "current_bookmark"))
        case _:
            raise Malformed.at("action", "Required")


def export_request(body: bytes) -> Export:
    """Read the body of an export request."""
    document = bodies.document(body)
    if bodies.choice(document, "output_format", ("polling",)) is None:
        raise Malformed.at("output_format", "Required")
    bookmark = None if document.get("current_bookmark") is None else bodies.text(document, "current_bookmark")
    return Export(_dump_options(document.get("dump_options", {})), bookmark)


def _etag(document: dict[str, Any]) -> str:
    etag = bodies.text(document, "etag")
    if not _MD5.fullmatch(etag):
        raise Malformed.at("etag", "Invalid, it must be an MD5 in lower case hexadecimal digits")
    return etag


def _dump_options(value: object) -> DumpOptions:
    if not isinstance(value, dict):
        raise Malformed.at("dump_options", f"Expected object, received {bodies.kind(value)}")
    tables = value.get("tables", [])
    if not isinstance(tables, list) or not all(isinstance(table, str) for table in tables):
        raise Malformed.at("dump_options.tables", "Expected array of strings")
    return DumpOptions(schema=not _flag(value, "no_schema"), data=not _flag(value, "no_data"), tables=frozenset(tables))


def _flag(options: dict[str, Any], name: str) -> bool:
    value = options.get(name, False)
    if not isinstance(value, bool):
        raise Malformed.at(f"dump_options.{name}", f"Expected boolean, received {bodies.kind(value)}")
    return value
