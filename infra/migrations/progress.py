"""How far a run has come, and what its failure tells the user. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from infra.errors import MigrationFailed

if TYPE_CHECKING:
    from datetime import timedelta

    from infra.migrations.bookmark import Bookmark
    from infra.migrations.outcome import Outcome


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
class Progress:
    """How far a run has come.

    Attributes:
        target: the database.
        bookmark: from before the first write.
        pending: how many migrations there were to apply.
        ran: names of the migrations that the run has applied, in order.
        found: names of those that someone else has applied meanwhile.
    """

    target: Target
    bookmark: Bookmark
    pending: int = 0
    ran: tuple[str, ...] = ()
    found: tuple[str, ...] = ()

    def after(self, *names: str) -> Progress:
        """The progress once `names` are applied too."""
        return replace(self, ran=(*self.ran, *names))

    def finding(self, *names: str) -> Progress:
        """The progress once it is known that someone else applied `names`."""
        return replace(self, found=(*self.found, *names))

    def failure(self, name: str, cause: str, outcome: Outcome) -> MigrationFailed:
        """The error that ends the run at the migration `name`: what happened, what is kept, and the way back."""
        others = tuple(applied for applied in self.ran if applied != name)
        expires = self.bookmark.expires.isoformat()
        lines = (
            f"migration {self.target.folder}/{name} failed: {cause}",
            f"  database  {self.target.name}",
            f"  kept      {', '.join(others) or 'nothing'} (applied by this run before it)",
            *([f"  found     {', '.join(self.found)} (applied by someone else meanwhile)"] if self.found else []),
            f"  outcome   {outcome.known}",
            f"  bookmark  {self.bookmark.id} (from before this run, restorable until {expires})",
            f"  way back  {self.bookmark.restore_command(self.target.name)}",
            f"  next      {outcome.next}",
        )
        return MigrationFailed("\n".join(lines), applied=others, failed=name, bookmark=self.bookmark.id)
