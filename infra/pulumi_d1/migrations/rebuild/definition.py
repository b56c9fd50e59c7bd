"""Change the text of a CREATE TABLE: the wishes of `d1 rebuild --table`. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pulumi_d1.sqlite.statements import Word

_CONSTRAINTS: Final = frozenset({"constraint", "primary", "unique", "foreign", "check"})
_CLAUSES: Final = _CONSTRAINTS | {"not", "null", "default", "collate", "references", "generated", "as"}


@dataclass(frozen=True, slots=True)
class Wish:
    """The changes that a table needs a rebuild for.

    Attributes:
        not_null: Columns that become NOT NULL.
        types: New types by column.
        drop_check: Name or column of the CHECK to drop; empty for the only one; None to drop none.
        create: The complete new CREATE TABLE; empty to change the present one.
        fill: SQL expressions for NULLs, by column.
    """

    table: str
    not_null: Sequence[str] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    drop_check: str | None = None
    create: str = ""
    fill: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Part:
    """A column or a constraint of a CREATE TABLE.

    Attributes:
        column: Folded name of the column; empty for a constraint of the table.
        words: Its words.
    """

    column: str
    words: tuple[Word, ...]

    def end_of_type(self) -> int:
        """Return the index of the first word after a column's name and type."""
        depth = 0
        for place, word in enumerate(self.words[1:], 1):
            if not depth and word.keyword in _CLAUSES:
                return place
            depth += (word.keyword == "(") - (word.keyword == ")")
        return len(self.words)


def change_definition(sql: str, wish: Wish) -> str:
    """Return a CREATE TABLE with the changes of a wish.

    Raises:
        ConfigError: It has no such column or CHECK, or the wish changes nothing.
    """
    edits: list[tuple[int, int, str]] = []
    parts = _parts(sql)
    for name in dict.fromkeys(map(fold, wish.not_null)):
        part = _column(parts, name, wish.table)
        if ("not", "null") in pairwise(word.keyword for word in part.words):
            raise ConfigError(f"the column {name} of {wish.table} is NOT NULL already: leave --not-null {name} out")
        at = part.words[part.end_of_type() - 1].end
        edits.append((at, at, " NOT NULL"))
    for name, type_ in wish.types.items():
        part = _column(parts, name, wish.table)
        edits.append((part.words[0].end, part.words[part.end_of_type() - 1].end, f" {type_}"))
    if wish.drop_check is not None:
        edits.append(_check_to_drop(sql, parts, wish))
    if not edits:
        options = "--not-null COLUMN, --type COLUMN=TYPE, --drop-check, or --create FILE"
        raise ConfigError(f"nothing to change in {wish.table}: give {options}")
    for start, end, text in sorted(edits, key=lambda edit: edit[:2], reverse=True):  # a type stays before NOT NULL
        sql = f"{sql[:start]}{text}{sql[end:]}"
    return sql


def _parts(sql: str) -> list[_Part]:
    parts: list[list[Word]] = []
    depth = 0
    for word in words(sql):
        if word.keyword == "(":
            depth += 1
            if depth == 1:
                parts.append([])
                continue
        elif word.keyword == ")":
            depth -= 1
            if depth == 0:
                break
        elif word.keyword == "," and depth == 1:
            parts.append([])
            continue
        if depth:
            parts[-1].append(word)
    return [_Part("" if part[0].keyword in _CONSTRAINTS else part[0].text, tuple(part)) for part in parts if part]


def _column(parts: Sequence[_Part], name: str, table: str) -> _Part:
    for part in parts:
        if part.column == fold(name):
            return part
    names = ", ".join(part.column for part in parts if part.column)
    raise ConfigError(f"{table} has no column {name}: its columns are {names}")


def _check_to_drop(sql: str, parts: Sequence[_Part], wish: Wish) -> tuple[int, int, str]:
    """Return the edit that deletes a CHECK, with the comma of a constraint of the table."""
    checks = [(*check, part, index) for index, part in enumerate(parts) for check in _checks(part)]
    wanted = fold(wish.drop_check or "")
    found = [check for check in checks if not wanted or wanted in {check[2], check[3].column}]
    if len(found) != 1:
        listed = ", ".join(
            name or part.column or f"CHECK {sql[s:e].partition('(')[2][:-1]}" for s, e, name, part, _ in checks
        )
        what = "no CHECK" if not checks else f"no single CHECK {wish.drop_check}".rstrip()
        raise ConfigError(
            f"{wish.table} has {what}: "
            + (f"name one of {listed}, as --drop-check NAME, or give --create FILE" if checks else "nothing to drop")
        )
    start, end, _, part, index = found[0]
    if not part.column and index:  # a constraint of the table goes with the comma before it
        start = parts[index - 1].words[-1].end
        return start, end, ""
    return part.words[[word.start for word in part.words].index(start) - 1].end, end, ""


def _checks(part: _Part) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and folded name of each CHECK."""
    depth, start, name = 0, -1, ""
    for place, word in enumerate(part.words):
        if not depth and word.keyword == "check":
            named = place > 1 and part.words[place - 2].keyword == "constraint"
            start, name = part.words[place - 2 if named else place].start, part.words[place - 1].text if named else ""
        depth += (word.keyword == "(") - (word.keyword == ")")
        if start >= 0 and word.keyword == ")" and not depth:
            yield start, word.end, name
            start = -1
