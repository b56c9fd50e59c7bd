"""The progress of a run, and the message that its failure prints. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pulumi_d1.errors import MigrationFailed
from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations.bookmark import restore_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.migrations.bookmark import Bookmark
    from pulumi_d1.migrations.run.outcome import RequestOutcome

_MOST_NAMES = 10  # in one line of a message


@dataclass(frozen=True, slots=True)
class RunTarget:
    """The database that a run changes.

    Attributes:
        folder: The folder of the migrations, as the user wrote it.
        command: The command that runs the migrations, for messages.
    """

    name: str
    folder: str
    table: str
    command: str = "pulumi up"


@dataclass(frozen=True, slots=True)
class RestoreAttempt:
    """The result of an automatic restore after a failure.

    Attributes:
        problem: Why the database is not restored, or why that is unknown; empty if it is restored.
    """

    problem: str = ""
    undo: str = ""


@dataclass(frozen=True, slots=True)
class RunProgress:
    """The progress of a run.

    Attributes:
        bookmark: The bookmark from before the first write.
        before: The names in the ledger before the first write.
        pending: The number of migrations to apply.
        ran: The names of the migrations that this run has applied, in order.
        by_others: The names of the pending migrations that someone else has applied since.
        replaced: The names that this run has removed from the ledger, because a squashed file stands for them.
        last_bookmark: The bookmark after the run's last write; kept up to date only if a failure is to be restored.
        obstacle: Why a restore would do harm; empty if there is no known reason.
    """

    target: RunTarget
    bookmark: Bookmark
    before: tuple[str, ...] = ()
    pending: int = 0
    ran: tuple[str, ...] = ()
    by_others: tuple[str, ...] = ()
    replaced: frozenset[str] = frozenset()
    last_bookmark: str = ""
    obstacle: str = ""

    @property
    def finished(self) -> tuple[str, ...]:
        """The names of the migrations that are no longer pending."""
        return (*self.ran, *self.by_others)

    def with_applied(self, name: str) -> RunProgress:
        """Return the progress after this run has applied a migration."""
        return replace(self, ran=(*self.ran, name))

    def with_others(self, name: str) -> RunProgress:
        """Return the progress after someone else has applied a migration."""
        return replace(self, by_others=(*self.by_others, name))

    def failure(
        self, name: str, cause: str, outcome: RequestOutcome, restore: RestoreAttempt | None = None
    ) -> MigrationFailed:
        """Return the error that ends the run at a migration.

        Args:
            cause: The error, in one line.
            restore: The automatic restore; None if there was none.
        """
        others = tuple(applied for applied in self.ran if applied != name)
        restored = restore is not None and not restore.problem
        kept = () if restored else others
        lines = [
            f"migration {self.target.folder}/{name} failed: {cause}",
            f"  database  {self.target.name}",
            f"  kept      {f'{_listed(others)} (applied by this run before the failure)' if kept else 'nothing'}",
        ]
        if self.by_others:
            lines.append(f"  others    {_listed(self.by_others)} (applied by someone else during this run)")
        lines.append(f"  outcome   {outcome.known}")
        lines.append(self._bookmark_line)
        if restore and restored:
            lines.append(f"  restored  to this bookmark, which undid {_listed(others)}")
            lines.append(f"  undo      {restore_command(self.target.name, restore.undo)}")
        else:
            if restore:
                lines.append(f"  restored  {restore.problem}")
            lines.append(self._restore_line)
        lines.append(f"  next      {outcome.next.format(command=self.target.command)}")
        return MigrationFailed("\n".join(map(escape_line, lines)), applied=kept, failed=name, bookmark=self.bookmark.id)

    def difference(self, differences: Sequence[str]) -> MigrationFailed:
        """Return the error that ends a run whose files all ran, but left another database than the rehearsal."""
        lines = [
            f"all files ran, but {self.target.name} differs from the rehearsal:",
            *(f"  found     {line}" for line in differences),
            f"  applied   {_listed(self.finished)}",
            self._bookmark_line,
            self._restore_line,
            "  next      find out who else writes to the database; if rows are missing, restore before new ones come",
        ]
        return MigrationFailed(
            "\n".join(map(escape_line, lines)), applied=self.ran, failed="", bookmark=self.bookmark.id
        )

    @property
    def _bookmark_line(self) -> str:
        expires = self.bookmark.expires.isoformat()
        return f"  bookmark  {self.bookmark.id} (from before this run, restorable until {expires})"

    @property
    def _restore_line(self) -> str:
        return f"  restore   {self.bookmark.restore_command(self.target.name)}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) <= _MOST_NAMES else f"{names[0]} to {names[-1]}: {len(names)} files"
