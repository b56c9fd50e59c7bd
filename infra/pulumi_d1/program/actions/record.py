"""What a run tells while it goes on, and what the state keeps of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pulumi_d1.migrations.past.history import Application, extended, from_json
from pulumi_d1.program.actions.fields import of_ledger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.migrations.bookmark import Bookmark
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.system.actor import Actor


@dataclass(frozen=True, slots=True)
class Journal:
    """One run.

    Attributes:
        files: the folder.
        previous: the outputs before the run; empty before the first. An older state has no history.
        actor: who runs it.
        entries: what it has applied so far.
    """

    files: Sequence[Migration]
    previous: Mapping[str, Any]
    actor: Actor
    entries: list[Application] = field(default_factory=list)

    def record(self, names: tuple[str, ...], seconds: float, bookmark: Bookmark) -> None:
        """Writes down what was applied, as the runner tells it."""
        digests = {file.name: file.sha256 for file in self.files}
        now, took = datetime.now(UTC).replace(microsecond=0), round(seconds, 3)
        self.entries.extend(
            Application(name, digests[name], now, took, self.actor.by, self.actor.commit, bookmark) for name in names
        )

    def outputs(self, ledger: Sequence[str], bookmark: Bookmark, database_name: str) -> dict[str, Any]:
        """The outputs after the run, whether it came to its end or not.

        Args:
            ledger: names in the ledger now, oldest first.
            bookmark: from before the run's first write.
            database_name: for the restore command.
        """
        history = extended(map(from_json, self.previous.get("history") or ()), self.entries)
        outputs = {
            **of_ledger(ledger),
            "checksums": self._checksums(ledger),
            "history": [application.as_json() for application in history],
        }
        if self.previous and not self.entries:  # the way back is from before the last write, not from now
            return {**outputs, **{name: self.previous[name] for name in ("bookmark", "restore_command")}}
        return {
            **outputs,
            "bookmark": {
                "id": bookmark.id,
                "time": bookmark.time.isoformat(),
                "expires": bookmark.expires.isoformat(),
            },
            "restore_command": bookmark.restore_command(database_name),
        }

    def _checksums(self, ledger: Sequence[str]) -> dict[str, str]:
        """Digest of each applied file as it was when it was applied: that is how a later edit is noticed."""
        known = {file.name: file.sha256 for file in self.files}
        known |= self.previous.get("checksums") or {}
        known |= {entry.name: entry.sha256 for entry in self.entries}
        return {name: known[name] for name in ledger if name in known}
