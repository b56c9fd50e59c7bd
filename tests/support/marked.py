"""Marked schemas from SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_d1.reports.marked_schema import mark_changes
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.difference import difference
from pulumi_d1.sqlite.statements import quoted
from tests.support.hostile_names import HOSTILE_NAMES

if TYPE_CHECKING:
    from pulumi_d1.reports.marked_schema import MarkedSchema

_NASTY: Final = (
    *HOSTILE_NAMES,
    '"]:::x; click t0 "https://example.com"',
    "`<img src=x onerror=alert(1)>`",
    "<script>alert(2)</script>",
    "#quot;%%{init: {}}%%",
    "end",
    "1. list",
    "- list",
    "**bold** $$x$$",
    "&lt;b&gt; ünï\U0001f600",
)


def marked(before: str, after: str) -> MarkedSchema:
    """Return the schemas of two scripts as one."""
    old, new = (schema.read(schema.build_from_statements([text])) for text in (before, after))
    return mark_changes(old, new, difference(old, new))


def hostile() -> MarkedSchema:
    """Return a new schema whose names attack whoever draws them."""
    parent = quoted(_NASTY[0])
    tables = (f"CREATE TABLE {name} ({name} PRIMARY KEY, r REFERENCES {parent});" for name in map(quoted, _NASTY))
    return marked("", "".join(tables))
