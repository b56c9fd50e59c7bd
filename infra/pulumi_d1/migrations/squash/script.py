"""Write the statements that create a schema and its rows in an empty database. Pure, but for evaluating expressions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import SqlError
from pulumi_d1.migrations.squash.contents import literals, numbered
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.references import parents_first, references
from pulumi_d1.sqlite.statements import quoted, quoted_text
from pulumi_d1.sqlite.storage import RowSource
from pulumi_d1.tables.insert import create_pieces_table, insert_statements, pieces_table_name
from pulumi_d1.tables.literal import SEPARATOR
from pulumi_d1.tables.plan import full_text_statements, rebuild_statement, sequence_statements
from pulumi_d1.tables.reader import copied_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pulumi_d1.migrations.squash.contents import Contents
    from pulumi_d1.migrations.squash.replay import Replay
    from pulumi_d1.sqlite.storage import Storage

_ORDER: Final = {"table": 0, "index": 0, "view": 1, "trigger": 2}
"""Triggers come last, after the rows, so that none fires."""

_CLOCK: Final = (
    "CURRENT_TIMESTAMP",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "unixepoch()",
    "unixepoch() * 1000",
    "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
    "CAST(unixepoch() AS TEXT)",
    "CAST(unixepoch() AS REAL)",
    "julianday('now')",
    "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')",
    "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
    "strftime('%Y-%m-%d %H:%M:%f', 'now')",
)
"""Expressions for the time of the run, besides the defaults of columns."""

_HEX_TEXT: Final = re.compile(r"CAST\(X'([0-9A-F]*)' AS TEXT\)")
"""A text with other characters than ASCII. No string contains this, because its quotes are doubled there."""


def write_statements(first: Contents, rows: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the statements, each with its semicolon.

    Args:
        rows: The rows of each table, whose values may be expressions.
    """
    objects = sorted(first.schema.objects.values(), key=lambda item: _ORDER[item.type])
    yield from (item.statement for item in objects if item.type != "trigger")
    pieces = pieces_table_name(item.name for item in objects)
    inserts = [statement for storage in _in_order(first, rows) for statement in _inserts(storage, rows, pieces)]
    if any(quoted(pieces) in statement for statement in inserts):
        inserts = [create_pieces_table(pieces), *inserts, f"DROP TABLE {quoted(pieces)};"]
    yield from inserts
    for storage in first.storages:
        if storage.rows is RowSource.EXTERNAL_CONTENT and first.indexed[storage.table]:
            yield rebuild_statement(storage)
        if storage.module == "fts5":
            yield from full_text_statements(storage, first.options[storage.table])
    yield from _sequences(first)
    yield from (item.statement for item in objects if item.type == "trigger")


def rows_at_any_time(
    replays: tuple[Replay, Replay], contents: tuple[Contents, Contents]
) -> tuple[dict[str, Sequence[str]], tuple[str, ...]]:
    """Return the rows with an expression for each value that depends on the clock, and a line for each such column.

    Args:
        replays: The same files at two moments.
        contents: What they leave.

    Raises:
        SqlError: A value depends on the moment in a way that no expression gives again, or a random number.
    """
    first, _ = contents
    changing: dict[str, Sequence[str]] = {}
    lines: list[str] = []
    for storage in first.storages:
        mine, theirs = (part.rows.get(storage.table, ()) for part in contents)
        if mine == theirs:
            changing[storage.table] = mine
            continue
        columns = copied_columns(storage)
        if len(mine) != len(theirs):
            raise _refusal(replays[0], f"the number of rows of {storage.table}")
        expressions = _expressions(replays, first, storage)
        rows = []
        for pair in zip(mine, theirs, strict=True):
            cells = []
            for column, one, two in zip(columns, *(row.split(SEPARATOR) for row in pair), strict=True):
                expression = one if one == two else expressions.get((one, two))
                if expression is None:
                    raise _refusal(replays[0], f"column {column} of {storage.table}")
                cells.append(expression)
                line = f"{storage.table}.{column.strip(chr(34))} is {expression}"
                if one != two and line not in lines:
                    lines.append(line)
            rows.append(SEPARATOR.join(cells))
        changing[storage.table] = rows
    return changing, tuple(lines)


def _expressions(replays: tuple[Replay, Replay], first: Contents, storage: Storage) -> dict[tuple[str, str], str]:
    """Return an expression for each pair of values that it has at the two moments."""
    defaults = [
        f"({column.default})"
        for column in first.schema.columns[fold(storage.table)]
        if column.default and column.default not in _CLOCK and SEPARATOR not in column.default
    ]
    one, two = (literals(replay.connection, (*_CLOCK, *defaults)) for replay in replays)
    return {(one[text], two[text]): text for text in reversed((*_CLOCK, *defaults)) if text in one and text in two}


def _refusal(replay: Replay, what: str) -> SqlError:
    places = ", ".join(replay.moving) or "an unknown statement"
    return SqlError(
        f"{what} depends on the moment of the run: {places} reads the clock or a random number. No file can give the "
        "same rows later, so squash through a file before it"
    )


def _in_order(contents: Contents, rows: Mapping[str, Sequence[str]]) -> list[Storage]:
    """Return the tables that have rows, parents first."""
    filled = {fold(storage.table): storage for storage in contents.storages if rows.get(storage.table)}
    keys = references(contents.schema.objects.values())
    return [filled[name] for name in parents_first(filled, keys)]


def _inserts(storage: Storage, rows: Mapping[str, Sequence[str]], pieces: str) -> Iterator[str]:
    table, plain = numbered(storage, rows[storage.table])
    for statement in insert_statements(table, plain, pieces):
        yield _HEX_TEXT.sub(_readable, statement)


def _readable(literal: re.Match[str]) -> str:
    """Return the text itself in place of its bytes, if an editor shows it as it is."""
    try:
        text = bytes.fromhex(literal[1]).decode()
    except UnicodeDecodeError:
        return literal[0]
    is_shown = all(character.isprintable() or character in "\n\t" for character in text)
    return quoted_text(text) if is_shown else literal[0]


def _sequences(contents: Contents) -> Iterator[str]:
    """Set the last ids that the rows alone would not leave."""
    wrong = {}
    for storage in contents.storages:
        last = contents.sequences.get(storage.table)
        if not storage.autoincrement or last is None:
            continue
        place = copied_columns(storage).index(storage.key[0])
        ids = [int(row.split(SEPARATOR)[place]) for row in contents.rows[storage.table]]
        if last != str(max(ids, default=-1)):
            wrong[storage.table] = last
    yield from sequence_statements(wrong, [{"name": name, "seq": last} for name, last in wrong.items()])
