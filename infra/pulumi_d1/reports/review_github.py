"""A review as workflow commands, which GitHub shows as annotations of the changed files. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_d1.reports.annotations import Level

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi_d1.reports.annotations import Annotation

_COMMANDS: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}
_DATA: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY: Final = _DATA | str.maketrans({":": "%3A", ",": "%2C"})
"""The characters that end a property or a command, as GitHub's own toolkit escapes them."""


def review_github(annotations: Iterable[Annotation]) -> str:
    """Return one workflow command a line; empty if there is nothing to show."""
    return "\n".join(map(_command, annotations))


def _command(item: Annotation) -> str:
    properties = {
        "file": item.file,
        "line": str(item.line),
        "col": str(item.column),
        "title": f"{item.rule.code}: {item.rule.title}",
    }
    shown = ",".join(f"{key}={value.translate(_PROPERTY)}" for key, value in properties.items())
    lines = [
        item.message,
        f"Instead: {item.advice}" if item.advice else "",
        f"Allowed: {item.waiver}" if item.waiver else "",
    ]
    return f"::{_COMMANDS[item.level]} {shown}::{chr(10).join(filter(None, lines)).translate(_DATA)}"
