"""How far a run has come, and what its failure tells the user. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pulumi_d1.errors import MigrationFailed
from pulumi_d1.migrations.bookmark import restore_command

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from pulumi_d1.migrations.bookmark import Bookmark
    from pulumi_d1.migrations.run.outcome import Outcome

_MOST_NAMES = 10  # in one line of a message


@dataclass(frozen=True, slots=True)
class Target:
    """The database that a run changes, in the words of its messages.

    Attributes:
        name: of the database.
        folder: of the migrations, as the user wrote it.
        table: name of the ledger.
        retention: how long Cloudflare keeps its bookmarks.
        command: what runs it, and runs it again.
    """

    name: str
    folder: str
    table: str
    retention: timedelta
    command: str = "pulumi up"


@dataclass(frozen=True, slots=True)
class Restore:
    """What became of the attempt to put the database back.

    Attributes:
        failed: why it is not back, or why nobody knows; empty when it is.
        undo: the bookmark from before the restore.
    """

    failed: str = ""
    undo: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come.

    Attributes:
        target: the database.
        bookmark: from before the first write.
        before: names in the ledger before the first write.
        pending: how many migrations there were to apply.
        ran: names of the migrations that the run has applied, in order.
        found: names of those that someone else has applied meanwhile.
        last: bookmark behind the run's last write, where it is kept track of.
        hindrance: why the database can't be put back without harm; empty where nothing is known against it.
    """

    target: Target
    bookmark: Bookmark
    before: tuple[str, ...] = ()
    pending: int = 0
    ran: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    last: str = ""
    hindrance: str = ""

    def after(self, *names: str) -> Progress:
        """The progress once `names` are applied too."""
        return replace(self, ran=(*self.ran, *names))

    def finding(self, *names: str) -> Progress:
        """The progress once it is known that someone else applied `names`."""
        return replace(self, found=(*self.found, *names))

    def failure(self, name: str, cause: str, outcome: Outcome, restore: Restore | None = None) -> MigrationFailed:
        """The error that ends the run at the migration `name`: what happened, what is kept, and the way back."""
        others = tuple(applied for applied in self.ran if applied != name)
        restored = restore is not None and not restore.failed
        kept = () if restored else others
        lines = [
            f"migration {self.target.folder}/{name} failed: {cause}",
            f"  database  {self.target.name}",
            f"  kept      {f'{_listed(others)} (applied by this run before it)' if kept else 'nothing'}",
        ]
        if self.found:
            lines.append(f"  found     {_listed(self.found)} (applied by someone else meanwhile)")
        lines.append(f"  outcome   {outcome.known}")
        lines.append(self._bookmark)
        if restore and restored:
            lines.append(f"  restored  to this bookmark; undone with it: {_listed(others)}")
            lines.append(f"  undo      {restore_command(self.target.name, restore.undo)}")
        else:
            if restore:
                lines.append(f"  restore   {restore.failed}")
            lines.append(self._way_back)
        lines.append(f"  next      {outcome.next.format(command=self.target.command)}")
        return MigrationFailed("\n".join(lines), applied=kept, failed=name, bookmark=self.bookmark.id)

    def difference(self, found: Sequence[str]) -> MigrationFailed:
        """The error that ends a run whose files all ran, and left something else than their rehearsal."""
        lines = [
            f"{self.target.name} is not what the rehearsal made of it:",
            *(f"  found     {line}" for line in found),
            f"  applied   {_listed((*self.ran, *self.found))}",
            self._bookmark,
            self._way_back,
            "  next      find out who else writes to the database; if rows are gone, go back before new ones come",
        ]
        return MigrationFailed("\n".join(lines), applied=self.ran, failed="", bookmark=self.bookmark.id)

    @property
    def _bookmark(self) -> str:
        expires = self.bookmark.expires.isoformat()
        return f"  bookmark  {self.bookmark.id} (from before this run, restorable until {expires})"

    @property
    def _way_back(self) -> str:
        return f"  way back  {self.bookmark.restore_command(self.target.name)}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) <= _MOST_NAMES else f"{names[0]} to {names[-1]}: {len(names)} files"
