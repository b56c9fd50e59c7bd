"""The table of a project's environments, as documents show it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.naming import TITLES
from pulumi_d1.reports.markdown import cell
from pulumi_d1.system.template import render

if TYPE_CHECKING:
    from collections.abc import Iterable

LOCAL: Final = "Local"
"""Title of the database that wrangler keeps on this machine."""

NOT_STARTED, UP_TO_DATE, GONE, UNREACHABLE = "not started", "up to date", "gone", "unreachable"


@dataclass(frozen=True, slots=True)
class StatusRow:
    """A database, as it is now.

    Attributes:
        title: what people call it.
        stack: name of its stack; empty for the database that wrangler keeps on this machine.
        database: name of it; empty before the first `pulumi up`, and for the local one.
        status: `not started` where nothing was applied and something should be, `up to date`, how many files are
            pending, `gone` where there is no such database any more, or `unreachable`.
        last_migration: name of the newest applied file; empty when there is none.
        time_travel: whether it can be restored; None where that is not known.
        bookmark_expires: ISO time until which the last run's bookmark can be restored to.
        pending: names of the files that are not applied.
        drift: what of the schema the applied files do not explain, a line each.
        error: why it is unreachable; empty where it is not.
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
    error: str = ""

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """What the columns show."""
        return self.title, self._words, self.last_migration or "-", self._travel

    @property
    def _words(self) -> str:
        words = "Up to Date" if self.status == UP_TO_DATE else self.status.title()
        if not self.drift:
            return words
        return "Drifted" if self.status == UP_TO_DATE else f"{words}, Drifted"

    @property
    def _travel(self) -> str:
        if not self.stack:
            return "❌ (Local only)"
        return "-" if self.time_travel is None else "✅" if self.time_travel else "❌"


def status_table(environments: Iterable[StatusRow]) -> str:
    """A Markdown table with a row for each, and nothing in it that changes while they do not."""
    rows = [environment.cells for environment in environments]
    return render("status.md.j2", {"cell": cell}, rows=rows, plain=(*TITLES.values(), LOCAL, "-"))


def with_local_rows_of(text: str, table: str) -> str:
    """The table with the rows of local databases as they stand in `text`.

    What is on one machine says nothing about the document of another, such as the one in CI.
    """
    rows = {_title(line): line for line in text.splitlines()}
    lines = table.splitlines()
    kept = [rows.get(_title(line), line) if _title(line).startswith(LOCAL) else line for line in lines]
    return "".join(f"{line}\n" for line in kept)


def _title(line: str) -> str:
    """The first cell of a row; empty where the line is none."""
    return line.split("|")[1].strip(" `") if line.startswith("|") else ""
