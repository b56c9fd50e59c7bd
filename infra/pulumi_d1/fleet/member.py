"""One database of a fleet: reviewed, migrated, verified, as `pulumi up` does it for a stack's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pulumi_d1.errors import D1Error, MigrationFailed
from pulumi_d1.fleet.result import Result, State
from pulumi_d1.migrations.review.review import refuse
from pulumi_d1.migrations.run.progress import Target
from pulumi_d1.migrations.run.runner import apply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta

    from pulumi_d1.cloudflare.account import Account, Description
    from pulumi_d1.fleet.journal import Journal, Past
    from pulumi_d1.fleet.reviews import Reviews
    from pulumi_d1.migrations.plan import Problem, Severity
    from pulumi_d1.migrations.run.recovery import OnFailure

COMMAND = "d1 fleet up"
"""What runs it again."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every database of a run.

    Attributes:
        folder: of the migrations, as the user wrote it.
        table: name of the ledger.
        retention: how long Cloudflare keeps bookmarks.
        policy: which problems stop a database.
        on_failure: what to do after a failed file.
    """

    folder: str
    table: str
    retention: timedelta
    policy: Mapping[Problem, Severity]
    on_failure: OnFailure


@dataclass(frozen=True, slots=True)
class Migrator:
    """Migrates the databases of a run, one at a call. Safe for threads.

    Attributes:
        account: they are in.
        reviews: reviews them.
        terms: hold for all of them.
        journal: keeps what was done.
        past: what the same run did before it was interrupted.
    """

    account: Account
    reviews: Reviews
    terms: Terms
    journal: Journal
    past: Past

    def migrate(self, member: Description, admitted: Callable[[], bool]) -> Result:
        """What became of the database.

        Args:
            member: the database.
            admitted: is asked before the first write, where there is something to write; may wait.
        """
        result = self._migrated(member, admitted)
        if result.state is not State.NOT_STARTED:
            self.journal.result(result)
        return result

    def _migrated(self, member: Description, admitted: Callable[[], bool]) -> Result:
        database, terms = self.account.database(member.id), self.terms
        done = partial(Result, member.name, member.id)
        before, first = self.past.pending.get(member.id, ()), self.past.bookmarks.get(member.id, "")
        try:
            reviewed = self.reviews.look(database)
            refuse(reviewed, terms.folder, terms.policy)
            earlier = tuple(name for name in before if name in reviewed.plan.applied)
            if not reviewed.plan.pending:
                return done(State.DONE, earlier, first) if earlier else done(State.UP_TO_DATE)
            if not admitted():
                return done(State.NOT_STARTED, earlier, first)
            names = [file.name for file in reviewed.plan.pending]
            report = apply(
                database,
                reviewed,
                Target(member.name, terms.folder, terms.table, terms.retention, COMMAND),
                policy=terms.policy,
                on_failure=terms.on_failure,
                retry=self.account.retry,
                record=lambda applied, _seconds, _bookmark: self.journal.applied(member, applied),
                taken=lambda bookmark: self.journal.bookmark(member, bookmark, names),
            )
        except MigrationFailed as error:
            return done(State.FAILED, error.applied, first or error.bookmark, str(error))
        except D1Error as error:
            return done(State.FAILED, bookmark=first, message=str(error))
        return done(State.DONE, (*earlier, *report.ran), first or report.bookmark.id)
