"""The steps of one member: review, bookmark, migrate; or restore, create, delete.

Each step may run again after a crash. The database's ledger decides what is left to do.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
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
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.review.review import Review
    from pulumi_d1.migrations.run.options import RunOptions

COMMAND: Final = "d1 fleet up"
"""The command that repeats a run, for messages."""


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """Settings of a run, the same for every member.

    Attributes:
        folder: Folder of the migrations, as the user wrote it.
    """

    folder: str
    table: str
    options: RunOptions

    def version(self, account: str, files: Sequence[Migration]) -> str:
        """Return a digest of all that decides what a member's migration does. Workers with another one do not help."""
        parts = [account, self.folder, self.table, self.options.as_json(), [[file.name, file.sha256] for file in files]]
        return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


@dataclass(slots=True)
class Member:
    """One member in this process.

    Attributes:
        id: The database's UUID.
    """

    account: Account
    reviews: ReviewCache
    settings: FleetSettings
    name: str
    id: str
    _review: Review | None = None

    def review(self) -> list[str]:
        """Return the names of the pending files."""
        self._review = self.reviews.review(self._database)
        raise_on_errors(self._review, self.settings.folder, self.settings.options.policy)
        return [file.name for file in self._review.plan.pending]

    def bookmark(self, *, reviewed_long_ago: bool = False) -> dict[str, str]:
        """Return a bookmark and its time."""
        if reviewed_long_ago:
            self._review = None
        return {"bookmark": self._database.bookmark(), "time": datetime.now(UTC).isoformat(timespec="seconds")}

    def migrate(self, pending: Sequence[str], mark: dict[str, str]) -> list[str]:
        """Apply the pending files, verify the database, and return those of `pending` that are applied."""
        if self._review is None:  # another process has made it, and may have applied files since
            self.review()
        review, settings = self._review, self.settings
        assert review is not None  # noqa: S101 - for mypy
        if not review.plan.pending:
            return [name for name in pending if name in review.plan.applied]
        bookmark = Bookmark(mark["bookmark"], datetime.fromisoformat(mark["time"]), settings.options.retention)
        target = RunTarget(self.name, settings.folder, settings.table, COMMAND)
        report = apply(
            self._database, review, target, options=settings.options, retry=self.account.retry, bookmark=bookmark
        )
        return [name for name in pending if name in report.ledger]

    def restore(self, bookmark: str) -> None:
        """Restore the database."""
        self._database.restore(bookmark)

    def create(self) -> str:
        """Create the database if there is none of this name, and return its UUID."""
        try:
            return self._describe()
        except NotFound:
            try:
                return self.account.create(self.name).database_id
            except OutcomeUnknown:
                return self._describe()

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
    def _database(self) -> D1Api:
        return self.account.database(self.id)
