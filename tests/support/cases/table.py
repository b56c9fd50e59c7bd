"""The cases of cases.toml: a database, a pending migration, and what a review of it reports."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

_FOLDER: Final = Path(__file__).parent
_NAMED: Final = re.compile(r"(?:(?:TABLE|VIEW|INDEX|TRIGGER)(?: IF NOT EXISTS)?|RENAME TO) [\"`]?(\w+)")


@dataclass(frozen=True, slots=True)
class Case:
    """A database and a pending migration.

    Attributes:
        live: SQL that creates the database, rows included.
        pending: The migration.
        errors: Findings that stop a run in production, each as `line:column: CODE beginning of the message`.
        warnings: The other findings, in the same way.
        allowed: Codes of the findings that the file allows.
        refused: True if D1 itself refuses the migration.
        advice: Part of the advice of the last finding.
    """

    live: str
    pending: str
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    refused: bool = False
    advice: str = ""

    def renamed(self, suffix: str) -> Case:
        """Return the case with other names of tables, so that several fit into one database. Columns are left out."""
        names = re.compile(rf"\b({'|'.join({*_NAMED.findall(self.live), *_NAMED.findall(self.pending)})})\b")

        def rename(text: str) -> str:
            return names.sub(rf"\1{suffix}", text)

        errors = tuple(rename(error) for error in self.errors)
        return replace(self, live=rename(self.live), pending=rename(self.pending), errors=errors)


def _cases() -> dict[str, Case]:
    tables = tomllib.loads((_FOLDER / "cases.toml").read_text())
    return {name: Case(**{key: _value(value) for key, value in table.items()}) for name, table in tables.items()}


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


CASES: Final = _cases()
"""All cases by number and name."""

HOSTILE: Final = {file.stem: file.read_text() for file in sorted((_FOLDER / "hostile").glob("*.sql"))}
"""Short migrations that would run for minutes, or need gigabytes of memory."""
