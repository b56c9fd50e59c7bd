"""End a run after a failed file: stop there, or restore the database if that undoes only this run's writes.

Cloudflare does not record who wrote, but each write moves the bookmark. So the bookmark is read around every write of
the run. If it moved in between, someone else wrote. A write between one of ours and the following read is not detected.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ApiError, OutcomeUnknown
from pulumi_d1.migrations.run.options import OnFailure
from pulumi_d1.migrations.run.outcome import NOT_RUN, NOT_STARTED, PARTLY, ROLLED_BACK
from pulumi_d1.migrations.run.progress import RestoreAttempt
from pulumi_d1.migrations.run.settling import settle_attempts

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.errors import MigrationFailed
    from pulumi_d1.migrations.run.outcome import RequestOutcome
    from pulumi_d1.migrations.run.progress import RunProgress

FOREIGN_WRITES: Final = "someone else wrote to the database during this run, and a restore would delete those writes"


@dataclass(frozen=True, slots=True)
class Recovery:
    """The handling of a failed file, and the facts that are collected for it during the run.

    Attributes:
        read_ledger: Reads the names in the ledger.
        sleep: Waits for a number of seconds.
    """

    on_failure: OnFailure
    database: Database
    read_ledger: Callable[[], tuple[str, ...]]
    sleep: Callable[[float], None]

    def before_write(self, progress: RunProgress) -> RunProgress:
        """Return the progress, with an obstacle if someone else wrote since the run's last write."""
        if self.on_failure is OnFailure.STOP or progress.obstacle:
            return progress
        return replace(progress, obstacle=self._foreign_writes(progress))

    def after_write(self, progress: RunProgress, *, certain: bool) -> RunProgress:
        """Return the progress with the bookmark after a write; an uncertain write may have been someone else's."""
        if self.on_failure is OnFailure.STOP or progress.obstacle:
            return progress
        if not certain:
            return self.after_loss(progress)
        try:
            return replace(progress, last_bookmark=self.database.bookmark())
        except ApiError as error:
            return replace(progress, obstacle=_undetermined(error))

    def after_loss(self, progress: RunProgress) -> RunProgress:
        """Return the progress after a lost response: the write may have been someone else's, or may run later."""
        if self.on_failure is OnFailure.STOP or progress.obstacle:
            return progress
        reason = "a response was lost: someone else may have applied that file, or the write may still run"
        return replace(progress, obstacle=reason)

    def after_batches(self, progress: RunProgress) -> RunProgress:
        """Return the progress after a file in batches: someone else may have written between them."""
        if self.on_failure is OnFailure.STOP or progress.obstacle:
            return progress
        return replace(progress, obstacle="a file ran in batches, and others may have written between them")

    def failure(self, progress: RunProgress, name: str, cause: str, outcome: RequestOutcome) -> MigrationFailed:
        """Return the error that ends the run at the migration `name`, after a restore if the stack wants one."""
        if self.on_failure is OnFailure.STOP or not progress.ran:
            return progress.failure(name, cause, outcome)
        if reason := self._obstacle(progress, outcome):
            return progress.failure(name, cause, outcome, RestoreAttempt(f"no: {reason}"))
        return progress.failure(name, cause, outcome, self._restore(progress))

    def _obstacle(self, progress: RunProgress, outcome: RequestOutcome) -> str:
        if outcome is PARTLY:
            return "a file in batches is continued, not undone"
        if outcome not in {ROLLED_BACK, NOT_RUN, NOT_STARTED}:
            return "it is unknown whether the file was applied"
        if reason := progress.obstacle or self._foreign_writes(progress):
            return reason
        try:
            expected = {*progress.before, *progress.ran} - progress.replaced
            return "" if set(self.read_ledger()) == expected else FOREIGN_WRITES
        except ApiError as error:
            return _undetermined(error)

    def _foreign_writes(self, progress: RunProgress) -> str:
        """Return an obstacle if someone else wrote since the run's last write, otherwise an empty text."""
        try:
            return "" if self.database.bookmark() == progress.last_bookmark else FOREIGN_WRITES
        except ApiError as error:
            return _undetermined(error)

    def _restore(self, progress: RunProgress) -> RestoreAttempt:
        """Restore the bookmark from before the run, and read the ledger until it shows that."""
        undo, response = progress.last_bookmark, "Cloudflare reported a restore"
        try:
            undo = self.database.restore(progress.bookmark.id) or undo
        except OutcomeUnknown as error:
            response = str(error)
        except ApiError as error:
            return RestoreAttempt(f"no: {error}")
        try:
            for _ in settle_attempts(self.sleep):
                if self.read_ledger() == progress.before:
                    return RestoreAttempt(undo=undo)
        except ApiError as error:
            return RestoreAttempt(f"unknown: {response}, but the ledger cannot be read: {error}")
        return RestoreAttempt(f"unknown: {response}, but the ledger still lists files of this run")


def _undetermined(error: ApiError) -> str:
    return f"it cannot be determined whether someone else wrote to the database: {error}"
