"""The table of a project's databases, as documents show it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.naming import TITLES
from pulumi_d1.reports.markdown import cell
from pulumi_d1.system.template import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LOCAL: Final = "Local"
"""Title of wrangler's local database."""

NOT_STARTED, UP_TO_DATE, GONE, UNREACHABLE = "not started", "up to date", "gone", "unreachable"


@dataclass(frozen=True, slots=True)
class StatusRow:
    """The state of one database.

    Attributes:
        stack: The stack's name; empty for a local database.
        database: The database's name; empty before the first `pulumi up` and for a local database.
        status: `not started` (files pending, none applied), `N pending`, `up to date`, `gone` (the database does not
            exist any more) or `unreachable`.
        last_migration: Name of the newest applied file; empty if there is none.
        time_travel: True if the database can be restored; None if it is not known.
        bookmark_expires: ISO time until which the last run's bookmark can be restored.
        drift: One line for each difference between the live schema and the applied files.
        size: Size of the database in bytes; None if it is not known.
        size_limit: Largest size on the stack's plan, in bytes; None for a local database.
        notes: Lines about D1's limits.
        error: Why the database is unreachable; empty if it is not.
    """

    title: str
    stack: str
    database: str
    status: str
    last_migration: str = ""
    time_travel: bool | None = None
    bookmark_expires: str = ""
    pending: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()
    size: int | None = None
    size_limit: int | None = None
    notes: tuple[str, ...] = ()
    error: str = ""

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """The texts of the columns."""
        return self.title, self._status, self.last_migration or "-", self._time_travel

    @property
    def _status(self) -> str:
        words = "Up to Date" if self.status == UP_TO_DATE else self.status.title()
        if not self.drift:
            return words
        return "Drifted" if self.status == UP_TO_DATE else f"{words}, Drifted"

    @property
    def _time_travel(self) -> str:
        if not self.stack:
            return "❌ (Local only)"
        return "-" if self.time_travel is None else "✅" if self.time_travel else "❌"


def status_of(applied: Sequence[object], pending: Sequence[object]) -> str:
    """Return the status of a database by its applied and its pending files."""
    if not pending:
        return UP_TO_DATE
    return f"{len(pending)} pending" if applied else NOT_STARTED


def status_table(rows: Iterable[StatusRow]) -> str:
    """Return a Markdown table. Its text changes only if a database does."""
    cells = [row.cells for row in rows]
    return render("status.md.j2", {"cell": cell}, rows=cells, plain=(*TITLES, LOCAL, "-"))


def with_local_rows_of(text: str, table: str) -> str:
    """Return the table with the rows of local databases taken from `text`, since they differ on each machine."""
    rows = {_title(line): line for line in text.splitlines()}
    lines = table.splitlines()
    kept = [rows.get(_title(line), line) if _title(line).startswith(LOCAL) else line for line in lines]
    return "".join(f"{line}\n" for line in kept)


def _title(line: str) -> str:
    """Return the first cell of a row; empty if the line is not a row."""
    return line.split("|")[1].strip(" `") if line.startswith("|") else ""
