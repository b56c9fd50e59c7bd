"""The steps of one member: review, bookmark, migrate; or restore, create, delete.

Each step may run again after a crash. The database's ledger decides what is left to do.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError, NotFound, OutcomeUnknown
from pulumi_d1.migrations.bookmark import Bookmark
from pulumi_d1.migrations.review.review import raise_on_errors
from pulumi_d1.migrations.run.progress import RunTarget
from pulumi_d1.migrations.run.runner import apply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.cloudflare.account import Account
    from pulumi_d1.cloudflare.database import D1Api
    from pulumi_d1.fleet.reviews import ReviewCache
    from pulumi_d1.migrations.review.review import Review

_FRESH_SECONDS: Final = 60  # an older review is repeated before the first write


@dataclass(slots=True)
class Member:
    """One member in this process.

    Attributes:
        id: The database's UUID.
    """

    account: Account
    reviews: ReviewCache
    name: str
    id: str
    _review: Review = field(init=False)
    _reviewed_at: float = 0.0

    def review(self) -> list[str]:
        """Return the names of the pending files."""
        self._reviewed_at = time.monotonic()
        self._review, settings = self.reviews.review(self.database), self.reviews.settings
        raise_on_errors(self._review, settings.folder, settings.options.policy)
        return [file.name for file in self._review.plan.pending]

    def bookmark(self) -> dict[str, str]:
        """Return a bookmark and its time."""
        return {"bookmark": self.database.bookmark(), "time": datetime.now(UTC).isoformat(timespec="seconds")}

    def migrate(self, pending: Sequence[str], mark: dict[str, str]) -> list[str]:
        """Apply the pending files, verify the database, and return those of `pending` that are applied."""
        if time.monotonic() - self._reviewed_at > _FRESH_SECONDS:  # it has waited for canaries
            self.review()
        review, settings = self._review, self.reviews.settings
        if not review.plan.pending:
            return [name for name in pending if name in review.plan.applied]
        bookmark = Bookmark(mark["bookmark"], datetime.fromisoformat(mark["time"]), settings.options.retention)
        target = RunTarget(self.name, settings.folder, settings.table, command="d1 fleet up")
        report = apply(
            self.database, review, target, options=settings.options, retry=self.account.retry, bookmark=bookmark
        )
        return [name for name in pending if name in report.ledger]

    def create(self) -> dict[str, str]:
        """Create the database if there is none of this name, and return its UUID, with a bookmark if it is new."""
        try:
            return {"id": self._describe()}
        except NotFound:
            try:
                return {"id": self.account.create(self.name).database_id, "bookmark": ""}
            except OutcomeUnknown:
                with suppress(NotFound):
                    return {"id": self._describe(), "bookmark": ""}
                raise

    def delete(self) -> dict[str, str]:
        """Delete the database, if it still exists. There is no bookmark afterwards."""
        with suppress(NotFound):
            self.account.delete(self.id)
        return {"bookmark": ""}

    def _describe(self) -> str:
        info = self.account.describe(self.name)
        if info.name != self.name:  # Cloudflare accepts a UUID as well, and that database may be a stack's
            raise ConfigError(f"this is the UUID of database {info.name}, not a name for a new one")
        return info.id

    @property
    def database(self) -> D1Api:
        """The database."""
        return self.account.database(self.id)
