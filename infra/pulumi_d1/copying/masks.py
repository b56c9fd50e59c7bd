"""Rules that replace values in a copy, so that it has no personal data. Pure.

A rule of a column also applies to the columns that a foreign key connects with it, so the same value gets the same mask
on both sides. NULL stays NULL.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.errors import ConfigError
from pulumi_d1.escaping import escape_line
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.references import references
from pulumi_d1.sqlite.sandbox import trusted
from pulumi_d1.sqlite.statements import quoted
from pulumi_d1.tables.literal import SEPARATOR, hex_digits, literal_sql
from pulumi_d1.tables.reader import copied_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_d1.copying.snapshot import RowChange
    from pulumi_d1.sqlite.storage import Storage
    from pulumi_d1.tables.plan import CopyPlan

_TEXT_DIGITS: Final = 31
_EMAIL_DIGITS: Final = 20
_INTEGER_BITS: Final = 62  # positive, and the next id of AUTOINCREMENT is still an integer
_REAL_BITS: Final = 50  # exact in a REAL, with a half
_LARGEST: Final = 1 << 53  # of a fixed number, which is exact in a REAL too
_NULL: Final = "NULL"
_STORED: Final = "masked_value"

_Column = tuple[str, str]


class MaskKind(StrEnum):
    """The kinds of rules. The values are the words of the file."""

    NULL = "null"
    HASH = "hash"
    EMAIL = "email"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class MaskRule:
    """The rule of one column.

    Attributes:
        value: A fixed value; None for other kinds.
        literal: Its literal, as its column stores it; empty for other kinds.
    """

    kind: MaskKind
    value: str | float | None = None
    literal: str = ""

    def apply(self, cell: str, key: bytes) -> str:
        """Return the literal in place of another one."""
        if cell == _NULL or self.kind is MaskKind.NULL:
            return _NULL
        return self.literal if self.kind is MaskKind.VALUE else _keyed(cell, key, is_email=self.kind is MaskKind.EMAIL)


@dataclass(frozen=True, slots=True)
class Masks:
    """The rules of a file.

    Attributes:
        rules: Rules by table and column, as written.
        key: Key of the hashes: the same key gives the same masks.
    """

    rules: Mapping[_Column, MaskRule]
    key: bytes

    def changes(self, plan: CopyPlan) -> RowChange:
        """Return the function that masks the rows of a database's tables.

        Raises:
            ConfigError: The database does not have a column, or a foreign key would break.
        """
        rules = _with_connected(self._by_folded_name(plan), plan)
        places = {
            storage.table: [
                (place, rule)
                for place, name in enumerate(storage.columns, len(copied_columns(storage)) - len(storage.columns))
                if (rule := rules.get((fold(storage.table), fold(name))))
            ]
            for storage in plan.row_tables
        }

        def change(storage: Storage, rows: list[str]) -> list[str]:
            masked = places[storage.table]
            return [self._masked(row, masked) for row in rows] if masked else rows

        return change

    def _masked(self, row: str, places: list[tuple[int, MaskRule]]) -> str:
        cells = row.split(SEPARATOR)
        for place, rule in places:
            cells[place] = rule.apply(cells[place], self.key)
        return SEPARATOR.join(cells)

    def _by_folded_name(self, plan: CopyPlan) -> dict[_Column, MaskRule]:
        stored = {fold(storage.table): {fold(name) for name in storage.columns} for storage in plan.row_tables}
        for table, column in self.rules:
            if fold(table) not in stored:
                raise ConfigError(f"there is no table {escape_line(table)} with rows of its own: correct the rule")
            if fold(column) not in stored[fold(table)]:
                raise ConfigError(
                    f"table {escape_line(table)} has no column {escape_line(column)} that stores values: correct the "
                    "rule"
                )
        fixed = {column: rule.value for column, rule in self.rules.items() if rule.value is not None}
        literals = _stored_literals(fixed, plan)
        return {
            (fold(table), fold(column)): replace(rule, literal=literals.get((table, column), ""))
            for (table, column), rule in self.rules.items()
        }


def parse_masks(content: Mapping[str, Any], key: bytes) -> Masks:
    """Return the rules of a file: by table and column, `null`, `hash`, `email`, or a mapping with `value`.

    Raises:
        ConfigError: A rule is none.
    """
    rules = {}
    for table, columns in content.items():
        if not isinstance(columns, dict):
            raise ConfigError(f"{escape_line(str(table))}: has no rules: write COLUMN: hash, for example")
        for column, value in columns.items():
            rules[str(table), str(column)] = _rule(value, escape_line(f"{table}.{column}"))
    if not rules:
        raise ConfigError("has no rules: write a table, and below it COLUMN: hash, for example")
    return Masks(rules, key)


def _rule(value: Any, place: str) -> MaskRule:
    if value is None:
        return MaskRule(MaskKind.NULL)
    if isinstance(value, dict) and list(value) == ["value"]:
        fixed = value["value"]
        if isinstance(fixed, str) or (isinstance(fixed, int | float) and abs(fixed) < _LARGEST):
            return MaskRule(MaskKind.VALUE, fixed)
    if isinstance(value, str) and value in {MaskKind.NULL, MaskKind.HASH, MaskKind.EMAIL}:
        return MaskRule(MaskKind(value))
    raise ConfigError(f"{place}: is no rule: write null, hash, email, or {{value: TEXT}}")


def _stored_literals(values: Mapping[_Column, str | float], plan: CopyPlan) -> dict[_Column, str]:
    """Return the literal that SQLite writes for each value once its column has stored it."""
    connection = schema.build(plan.objects)
    literals = {}
    with trusted(connection):
        for (table, column), value in values.items():
            # This table's only column has the affinity of the other one, and none of its constraints.
            connection.execute(f"CREATE TEMP TABLE {_STORED} AS SELECT {quoted(column)} AS v FROM main.{quoted(table)}")
            connection.execute(f"INSERT INTO temp.{_STORED} VALUES (?)", (value,))
            [(literal,)] = connection.execute(f"SELECT {literal_sql('v')} FROM temp.{_STORED}")
            connection.execute(f"DROP TABLE temp.{_STORED}")
            literals[table, column] = str(literal)
    return literals


def _with_connected(rules: dict[_Column, MaskRule], plan: CopyPlan) -> dict[_Column, MaskRule]:
    """Return the rules with those of the columns that foreign keys connect.

    Raises:
        ConfigError: Connected columns have different rules, or one that breaks a key.
    """
    pairs = [
        ((key.child, column), (key.parent, parent_column))
        for key in references(plan.objects)
        for column, parent_column in zip(key.columns, key.parent_columns, strict=True)
    ]
    parents = {parent for _, parent in pairs}
    for child, parent in pairs:
        for column in (child, parent):
            rule = rules.get(column)
            may_be_null = column not in parents  # a reference that is NULL references nothing
            if rule and (rule.kind is MaskKind.VALUE or (rule.kind is MaskKind.NULL and not may_be_null)):
                raise ConfigError(f"{_spell(column)}: a foreign key allows only hash and email, or null in a child")
    result = dict(rules)
    changed = True
    while changed:
        changed = False
        for child, parent in pairs:
            mine, theirs = result.get(child), result.get(parent)
            if mine == theirs or (mine and mine.kind is MaskKind.NULL):
                continue
            if mine and theirs:
                raise ConfigError(
                    f"{_spell(child)} references {_spell(parent)}, but has another rule: give both the same one"
                )
            result[child] = result[parent] = mine or theirs  # type: ignore[assignment]  # one of them is a rule
            changed = True
    return result


def _spell(column: _Column) -> str:
    return escape_line(".".join(column))


def _keyed(cell: str, key: bytes, *, is_email: bool) -> str:
    """Return a value of the same type that only the key connects with the old one."""
    digits = hex_digits(cell)
    value = bytes.fromhex(digits[0]) if digits else cell.encode()
    mask = hmac.digest(key, value, sha256)
    if is_email:
        return f"'user-{mask.hex()[:_EMAIL_DIGITS]}@example.com'"
    if digits:  # the letter keeps a column of numbers from storing the digits as one
        return f"'x{mask.hex()[:_TEXT_DIGITS]}'" if digits[1] else f"X'{mask.hex().upper()}'"
    number = int.from_bytes(mask)
    # A column of integers stores a real number without a fraction as an integer.
    return f"{number % (1 << _REAL_BITS)}.5" if "." in cell else str(number % (1 << _INTEGER_BITS))
