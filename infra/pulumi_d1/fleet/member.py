"""Review, migrate and verify one database of a fleet, as `pulumi up` does for a stack's database."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pulumi_d1.errors import D1Error, MigrationFailed
from pulumi_d1.fleet.result import MemberResult, MemberState
from pulumi_d1.migrations.review.review import raise_on_errors
from pulumi_d1.migrations.run.progress import RunTarget
from pulumi_d1.migrations.run.runner import apply

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi_d1.cloudflare.account import Account, DatabaseInfo
    from pulumi_d1.fleet.journal import Journal, UnfinishedRun
    from pulumi_d1.fleet.reviews import ReviewCache
    from pulumi_d1.migrations.run.options import RunOptions

COMMAND = "d1 fleet up"
"""The command that repeats the run, for messages."""


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """Settings of a run, the same for every database.

    Attributes:
        folder: Folder of the migrations, as the user wrote it.
    """

    folder: str
    table: str
    options: RunOptions


@dataclass(frozen=True, slots=True)
class Migrator:
    """Migrates the databases of a run, one per call. Safe for threads.

    Attributes:
        unfinished: The same run before it was interrupted.
    """

    account: Account
    reviews: ReviewCache
    settings: FleetSettings
    journal: Journal
    unfinished: UnfinishedRun

    def migrate(self, member: DatabaseInfo, may_write: Callable[[], bool]) -> MemberResult:
        """Migrate a database and return the outcome.

        Args:
            may_write: Called before the first write, if there is something to write. It may wait.
        """
        result = self._migrate(member, may_write)
        if result.state is not MemberState.NOT_STARTED:
            self.journal.result(result)
        return result

    def _migrate(self, member: DatabaseInfo, may_write: Callable[[], bool]) -> MemberResult:
        database, settings = self.account.database(member.id), self.settings
        result = partial(MemberResult, member.name, member.id)
        pending_then = self.unfinished.pending.get(member.id, ())
        first_bookmark = self.unfinished.bookmarks.get(member.id, "")
        try:
            review = self.reviews.review(database)
            raise_on_errors(review, settings.folder, settings.options.policy)
            applied_then = tuple(name for name in pending_then if name in review.plan.applied)
            if not review.plan.pending and not applied_then:
                return result(MemberState.UP_TO_DATE)
            if not review.plan.pending:
                return result(MemberState.DONE, applied_then, first_bookmark)
            if not may_write():
                return result(MemberState.NOT_STARTED, applied_then, first_bookmark)
            names = [file.name for file in review.plan.pending]
            report = apply(
                database,
                review,
                RunTarget(member.name, settings.folder, settings.table, COMMAND),
                options=settings.options,
                retry=self.account.retry,
                on_applied=lambda applied, _seconds, _bookmark: self.journal.applied(member, applied),
                on_bookmark=lambda bookmark: self.journal.bookmark(member, bookmark, names),
            )
        except MigrationFailed as error:
            return result(MemberState.FAILED, error.applied, first_bookmark or error.bookmark, str(error))
        except D1Error as error:
            return result(MemberState.FAILED, bookmark=first_bookmark, message=str(error))
        return result(MemberState.DONE, (*applied_then, *report.ran), first_bookmark or report.bookmark.id)
