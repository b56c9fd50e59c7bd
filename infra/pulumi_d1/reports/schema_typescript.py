"""A schema as types of TypeScript: the rows that a Worker reads. Pure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import check_expressions, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pulumi_d1.sqlite.schema import Column, Schema

_ANY: Final = "string | number | number[]"
_TYPES: Final = (
    # A part of a column's type, and the type of its values. As in SQLite's rules of affinity, the first one counts.
    ("int", "number"),
    ("char", "string"),
    ("clob", "string"),
    ("text", "string"),
    ("blob", "number[]"),
    ("real", "number"),
    ("floa", "number"),
    ("doub", "number"),
    ("bool", "number"),
)
_NUMERIC: Final = "string | number"
"""Other types, such as DATETIME, DECIMAL and JSON: SQLite stores text that looks like a number as one."""

_IDENTIFIER: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


def schema_typescript(schema: Schema, views: Mapping[str, Sequence[Column]]) -> str:
    """Return an interface for each table and view, by name.

    Args:
        views: The columns of each view, by its name.
    """
    tables = {name: schema.columns[fold(name)] for name in schema.tables}
    names: set[str] = set()
    blocks = []
    for name in sorted({**tables, **views}, key=fold):
        row = _type_name(name, names)
        names.add(row)
        if name in tables:
            lines = _of_table(tables[name], schema.objects["table", fold(name)].sql)
        else:
            lines = (_line(column.name, f"{_of_view(column)} | null") for column in views[name])
        blocks.append("\n".join([f"export interface {row} {{", *lines, "}\n"]))
    return "\n".join(blocks)


def _of_table(columns: Sequence[Column], sql: str) -> Iterator[str]:
    choices = _choices(sql)
    for column in columns:
        values = choices.get(fold(column.name), _of(column.type) if column.type else _ANY)
        # SQLite accepts NULL in most primary keys, but nobody means that.
        yield _line(column.name, values if column.not_null or column.primary_key else f"{values} | null")


def _of_view(column: Column) -> str:
    """Return the type of a view's column. SQLite takes BLOB for an expression with any value."""
    return _ANY if column.type in {"", "BLOB"} else _of(column.type)


def _of(declared: str) -> str:
    if fold(declared) == "any":
        return _ANY
    return next((values for part, values in _TYPES if part in fold(declared)), _NUMERIC)


def _choices(sql: str) -> dict[str, str]:
    """Return the type of each column that a CHECK limits to some strings, such as `role IN ('admin', 'guest')`."""
    choices = {}
    for _, expression in check_expressions(sql):
        match tokens(expression):
            case (column, "in", "(", *words, ")") if words and set(words[1::2]) <= {","}:
                if all(word.startswith("'") for word in words[::2]):
                    texts = (word[1:-1].replace("''", "'") for word in words[::2])
                    choices[column] = " | ".join(map(_string, texts))
    return choices


def _type_name(table: str, taken: set[str]) -> str:
    """Return the name of a table's rows in the form `UserProfilesRow`, with a number if another table has it."""
    letters = "".join(letter if f"_{letter}".isidentifier() and letter != "_" else " " for letter in table)
    name = "".join(word[0].upper() + word[1:] for word in letters.split())
    first = f"{name if name.isidentifier() else f'_{name}'}Row"
    number = 1
    while (row := first if number == 1 else f"{first}{number}") in taken:
        number += 1
    return row


def _line(column: str, values: str) -> str:
    return f"  {column if _IDENTIFIER.fullmatch(column) else _string(column)}: {values};"


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
