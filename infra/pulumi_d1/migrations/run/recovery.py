"""What happens after a failed file: stop there, or put the database back, where that takes nothing of anyone else's.

Cloudflare tells no one's writes from another's, but each moves the bookmark. So the bookmark is read around every write
of the run: where it moved by itself, someone else wrote. A write that lands between one of ours and the reading of the
bookmark behind it goes unseen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from pulumi_d1.errors import ApiError, OutcomeUnknown
from pulumi_d1.migrations.run.outcome import NOT_RUN, SETTLE_SECONDS, UNDONE
from pulumi_d1.migrations.run.progress import Restore

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.errors import MigrationFailed
    from pulumi_d1.migrations.run.outcome import Outcome
    from pulumi_d1.migrations.run.progress import Progress

STRANGER = "someone else wrote to the database during this run, and would lose it"


class OnFailure(StrEnum):
    """What a run does after a failed file."""

    STOP = "stop"
    """What was applied before it stays."""

    RESTORE = "restore"
    """The database is put back to the bookmark from before the run, unless someone else wrote to it since."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """The end of a run that fails, and what has to be known by then.

    Attributes:
        policy: what to do.
        database: the database.
        ledger: reads the names in its ledger.
        sleep: waits so many seconds.
    """

    policy: OnFailure
    database: Database
    ledger: Callable[[], tuple[str, ...]]
    sleep: Callable[[float], None]

    def before_write(self, progress: Progress) -> Progress:
        """Notices that someone else wrote since the run's last write."""
        if self.policy is OnFailure.STOP or progress.hindrance:
            return progress
        return replace(progress, hindrance=self._moved(progress))

    def after_write(self, progress: Progress, *, certain: bool) -> Progress:
        """Notes the bookmark behind a write of the run's own; an uncertain one may have been someone else's."""
        if self.policy is OnFailure.STOP or progress.hindrance:
            return progress
        if not certain:
            return replace(progress, hindrance="an answer was lost, so someone else may have applied one of the files")
        try:
            return replace(progress, last=self.database.bookmark())
        except ApiError as error:
            return replace(progress, hindrance=_untold(error))

    def failure(self, progress: Progress, name: str, cause: str, outcome: Outcome) -> MigrationFailed:
        """The error that ends the run at the migration `name`, after what the policy asks for."""
        if self.policy is OnFailure.STOP or not progress.ran:
            return progress.failure(name, cause, outcome)
        if reason := self._hindrance(progress, outcome):
            return progress.failure(name, cause, outcome, Restore(f"not done: {reason}"))
        return progress.failure(name, cause, outcome, self._restore(progress))

    def _hindrance(self, progress: Progress, outcome: Outcome) -> str:
        if outcome not in {UNDONE, NOT_RUN}:
            return "what became of the file is not known"
        if reason := progress.hindrance or self._moved(progress):
            return reason
        try:
            return "" if self.ledger() == (*progress.before, *progress.ran) else STRANGER
        except ApiError as error:
            return _untold(error)

    def _moved(self, progress: Progress) -> str:
        try:
            return "" if self.database.bookmark() == progress.last else STRANGER
        except ApiError as error:
            return _untold(error)

    def _restore(self, progress: Progress) -> Restore:
        """Restores, and reads the ledger until it is the one from before the run."""
        undo, answer = progress.last, "Cloudflare says that it is restored"
        try:
            undo = self.database.restore(progress.bookmark.id) or undo
        except OutcomeUnknown as error:
            answer = str(error)
        except ApiError as error:
            return Restore(f"failed: {error}")
        try:
            for pause in (0, *SETTLE_SECONDS):
                self.sleep(pause)
                if self.ledger() == progress.before:
                    return Restore(undo=undo)
        except ApiError as error:
            return Restore(f"not known: {answer}; the ledger can't be read: {error}")
        return Restore(f"not known: {answer}; the ledger does not show it")


def _untold(error: ApiError) -> str:
    return f"it can't be told whether someone else wrote to the database: {error}"
