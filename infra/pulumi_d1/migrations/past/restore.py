"""Restore a database to a bookmark once, and read it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.errors import ApiError, OutcomeUnknown, RestoreFailed, TryLater
from pulumi_d1.migrations import live
from pulumi_d1.migrations.run.settling import SETTLE_SECONDS, settle_attempts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.live import LiveDatabase


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """The result of a restore.

    Attributes:
        undo: The bookmark from immediately before the restore.
        undone: The names of the migrations that are no longer applied, in the order of the ledger.
        redone: The names of the migrations that are applied again.
        note: A remark for the user; usually empty.
    """

    bookmark: str
    undo: str
    now: LiveDatabase
    undone: tuple[str, ...]
    redone: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class DatabaseRestore:
    """A restore that the user has confirmed.

    Attributes:
        expected: The names that the ledger should have after it.
        undo_command: Returns the command that restores a bookmark.
        sleep: Waits for a number of seconds.
    """

    database: Database
    table: str
    bookmark: str
    before: LiveDatabase
    expected: Sequence[str]
    undo_command: Callable[[str], str]
    sleep: Callable[[float], None]

    def run(self) -> RestoreResult:
        """Restore the database, and read it again.

        Raises:
            RestoreFailed: Nothing was restored, or the outcome is unknown.
            ApiError: The database has no bookmark; nothing was restored.
        """
        current = self.database.bookmark()
        try:
            undo = self.database.restore(self.bookmark) or current
        except TryLater as error:
            raise RestoreFailed(
                f"nothing was restored: {error}. Cloudflare allows 10 restores of a database in 10 minutes: run the "
                "same command again in some minutes"
            ) from error
        except OutcomeUnknown as error:
            return self._result_after_lost_response(current, error)
        except ApiError as error:
            raise RestoreFailed(f"nothing was restored: {error}") from error
        try:
            return self._result(undo, live.read_despite_faults(self.database, self.table))
        except ApiError as error:
            raise RestoreFailed(
                f"the database was restored, but it cannot be read: {error}. Nothing was quarantined. Check the "
                f"database before you run 'pulumi up'; '{self.undo_command(undo)}' undoes the restore"
            ) from error

    def _result_after_lost_response(self, current: str, lost: OutcomeUnknown) -> RestoreResult:
        """Return the result if the ledger shows it.

        Args:
            lost: The error that the restore ended with.
        """
        moved = current
        try:
            for _ in settle_attempts(self.sleep):
                now, moved = live.read_despite_faults(self.database, self.table), self.database.bookmark()
                if now.ledger == tuple(self.expected) != self.before.ledger:
                    note = f"the response was lost ({lost}), but the ledger shows that the database is restored"
                    return self._result(current, now, note)
        except ApiError as error:
            raise RestoreFailed(f"{self._unknown(current, lost)}; the database cannot be read: {error}") from error
        seconds = sum(SETTLE_SECONDS)
        if moved == current:
            raise RestoreFailed(
                f"nothing was restored: {lost}; after {seconds} s the database still has the same bookmark. Run the "
                "same command again"
            )
        raise RestoreFailed(
            f"{self._unknown(current, lost)}; after {seconds} s its ledger is the same but its bookmark has changed: "
            "either it was restored to a moment with the same files, or someone else wrote to it"
        )

    def _unknown(self, current: str, lost: OutcomeUnknown) -> str:
        return (
            f"it is unknown whether the database was restored: {lost}. Check its rows before you do anything else. If "
            f"it was restored, '{self.undo_command(current)}' undoes that"
        )

    def _result(self, undo: str, now: LiveDatabase, note: str = "") -> RestoreResult:
        undone = tuple(name for name in self.before.ledger if name not in now.ledger)
        redone = tuple(name for name in now.ledger if name not in self.before.ledger)
        return RestoreResult(self.bookmark, undo, now, undone, redone, note)
