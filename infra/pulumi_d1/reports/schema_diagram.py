"""A schema as a diagram of its tables and foreign keys, in the language of Mermaid. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pulumi_d1.sqlite.names import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulumi_d1.sqlite.schema import Column, ForeignKey, Schema

_NO_WORD: Final = re.compile(r"[^A-Za-z0-9_\u00c0-\uffff]+")
_RESERVED: Final = frozenset({"PK", "FK", "UK"})
_UNQUOTABLE: Final = re.compile(r'["%\\\r\n]')


def schema_diagram(schema: Schema, foreign_keys: Sequence[ForeignKey]) -> str:
    """Return an entity relationship diagram: a box for each table, by name, and a line for each foreign key."""
    lines = ["erDiagram"]
    for name in sorted(schema.tables, key=fold):
        keys = {fold(column) for key in foreign_keys if fold(key.child) == fold(name) for column in key.columns}
        lines += [f"    {_quoted(name)} {{", *_columns(schema.columns[fold(name)], keys), "    }"]
    lines += sorted(_line(schema, key) for key in foreign_keys)
    return "".join(f"{line}\n" for line in lines)


def _columns(columns: Sequence[Column], foreign: set[str]) -> Iterator[str]:
    for column in columns:
        marks = ["PK"] if column.primary_key else []
        marks += ["FK"] if fold(column.name) in foreign else []
        yield " ".join(
            filter(None, (f"        {_word(column.type) or 'ANY'}", _word(column.name) or "_", ", ".join(marks)))
        )


def _line(schema: Schema, key: ForeignKey) -> str:
    """Return the line from the referenced table to the one that references it."""
    columns = {fold(column.name): column for column in schema.columns[fold(key.child)]}
    own = [columns[fold(name)] for name in key.columns]
    one = "||" if all(column.not_null or column.primary_key for column in own) else "|o"
    parent = next((name for name in schema.tables if fold(name) == fold(key.parent)), key.parent)
    return f"    {_quoted(parent)} {one}--o{{ {_quoted(key.child)} : {_quoted(', '.join(key.columns))}"


def _quoted(text: str) -> str:
    return f'"{_UNQUOTABLE.sub("_", text)}"'


def _word(text: str) -> str:
    """Return a text as a word: Mermaid has no quotes for types and columns."""
    word = _NO_WORD.sub("_", text).strip("_")
    return f"_{word}" if word[:1].isdecimal() or word in _RESERVED else word
