"""How far a run has come, and what its failure tells the user. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from infra.errors import MigrationFailed

if TYPE_CHECKING:
    from datetime import timedelta

    from infra.migrations.bookmark import Bookmark


@dataclass(frozen=True, slots=True)
class Target:
    """The database that a run changes, in the words of its messages.

    Attributes:
        name: of the database.
        folder: of the migrations, as the user wrote it.
        table: name of the ledger.
        retention: how long Cloudflare keeps its bookmarks.
    """

    name: str
    folder: str
    table: str
    retention: timedelta


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known of a migration that failed, and what to do about it."""

    known: str
    next: str


_AGAIN = "it reads the ledger before it sends anything"

UNDONE = Outcome(
    "all of it is undone: a file runs as one transaction with its ledger row",
    "mend the file and run 'pulumi up' again",
)
NOT_SENT = Outcome(
    "the ledger does not show it, so it did not take effect", f"run 'pulumi up' again once the API answers: {_AGAIN}"
)
STILL_RUNNING = Outcome(
    "the ledger does not show it yet; it went as an import, which may still be running",
    f"run 'pulumi up' again in a minute: {_AGAIN}",
)
UNREAD = Outcome("not known: the ledger can't be read", f"run 'pulumi up' again once the API answers: {_AGAIN}")
UNRECORDED = Outcome("it ran, unrecorded", "go back, and find the file or trigger that touches the ledger")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come.

    Attributes:
        target: the database.
        bookmark: from before the first write.
        ran: names of the migrations that the run has applied, in order.
    """

    target: Target
    bookmark: Bookmark
    ran: tuple[str, ...] = ()

    def after(self, name: str) -> Progress:
        """The progress once `name` is applied too."""
        return replace(self, ran=(*self.ran, name))

    def failure(self, name: str, cause: str, outcome: Outcome) -> MigrationFailed:
        """The error that ends the run at the migration `name`: what happened, what is kept, and the way back."""
        others = tuple(applied for applied in self.ran if applied != name)
        expires = self.bookmark.expires.isoformat()
        lines = (
            f"migration {self.target.folder}/{name} failed: {cause}",
            f"  database  {self.target.name}",
            f"  kept      {', '.join(others) or 'nothing'} (applied by this run before it)",
            f"  outcome   {outcome.known}",
            f"  bookmark  {self.bookmark.id} (from before this run, restorable until {expires})",
            f"  way back  {self.bookmark.restore_command(self.target.name)}",
            f"  next      {outcome.next}",
        )
        return MigrationFailed("\n".join(lines), applied=others, failed=name, bookmark=self.bookmark.id)
