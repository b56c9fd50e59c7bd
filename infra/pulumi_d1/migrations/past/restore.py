"""Puts a database back to a bookmark, once, and reads what is there then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.errors import ApiError, OutcomeUnknown, RestoreFailed, TryLater
from pulumi_d1.migrations import live
from pulumi_d1.migrations.run.outcome import SETTLE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.live import Live


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did.

    Attributes:
        bookmark: what it went back to.
        undo: the bookmark from immediately before it.
        now: the database after it.
        gone: names of the migrations that were applied before and are not now, in the order of the ledger.
        back: names of those that are applied now and were not before.
        note: what else there is to say of it; empty mostly.
    """

    bookmark: str
    undo: str
    now: Live
    gone: tuple[str, ...]
    back: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Restore:
    """One restore that was decided on.

    Attributes:
        database: the database.
        table: name of its ledger.
        bookmark: where to.
        before: the database as it is.
        expected: names that the ledger is expected to have then.
        undo_command: the command that restores to a bookmark.
        sleep: waits so many seconds.
    """

    database: Database
    table: str
    bookmark: str
    before: Live
    expected: Sequence[str]
    undo_command: Callable[[str], str]
    sleep: Callable[[float], None]

    def run(self) -> Restored:
        """Restores, and reads the database again.

        Raises:
            RestoreFailed: nothing was restored, or what became of it can't be told.
            ApiError: the database gives no bookmark; nothing was restored.
        """
        current = self.database.bookmark()
        try:
            undo = self.database.restore(self.bookmark) or current
        except TryLater as error:
            raise RestoreFailed(
                f"nothing was restored: {error}. Cloudflare restores a database 10 times in 10 minutes at most: "
                "run the same command again in some minutes"
            ) from error
        except OutcomeUnknown as error:
            return self._settled(current, error)
        except ApiError as error:
            raise RestoreFailed(f"nothing was restored: {error}") from error
        try:
            return self._restored(undo, live.read(self.database, self.table))
        except ApiError as error:
            raise RestoreFailed(
                f"the database was restored, but what is there now can't be read: {error}. Nothing was quarantined: "
                f"look at it before you run 'pulumi up'; '{self.undo_command(undo)}' undoes it"
            ) from error

    def _settled(self, current: str, lost: OutcomeUnknown) -> Restored:
        """What a restore did whose answer was lost, where ledger or bookmark tell it."""
        moved = current
        try:
            for pause in (0, *SETTLE_SECONDS):
                self.sleep(pause)
                now, moved = live.read(self.database, self.table), self.database.bookmark()
                if now.ledger == tuple(self.expected) != self.before.ledger:
                    note = f"the answer was lost ({lost}), but the ledger shows that it is restored"
                    return self._restored(current, now, note)
        except ApiError as error:
            raise RestoreFailed(f"{self._unknown(current, lost)}; the database can't be read: {error}") from error
        if moved == current:
            raise RestoreFailed(
                f"nothing was restored: {lost}; {sum(SETTLE_SECONDS)} s later the database is at the bookmark that it "
                "was at before. Run the same command again"
            )
        raise RestoreFailed(
            f"{self._unknown(current, lost)}; {sum(SETTLE_SECONDS)} s later its ledger is as before, but its bookmark "
            "moved: it was restored to where the same files were applied, or someone else wrote to it"
        )

    def _unknown(self, current: str, lost: OutcomeUnknown) -> str:
        return (
            f"whether the database was restored is not known: {lost}. Look at its rows before you do anything; if it "
            f"was, '{self.undo_command(current)}' undoes it"
        )

    def _restored(self, undo: str, now: Live, note: str = "") -> Restored:
        gone = tuple(name for name in self.before.ledger if name not in now.ledger)
        back = tuple(name for name in now.ledger if name not in self.before.ledger)
        return Restored(self.bookmark, undo, now, gone, back, note)
