"""The record of a run in the state."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pulumi_d1.migrations.past.history import Application, extend_history
from pulumi_d1.program.actions.inputs import ledger_outputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.migrations.bookmark import Bookmark
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.program.actions.inputs import MigrationsState
    from pulumi_d1.system.actor import Actor


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The applications of one run, and the outputs that follow from them.

    Attributes:
        applications: What this run has applied so far.
    """

    files: Sequence[Migration]
    state: MigrationsState
    actor: Actor
    applications: list[Application] = field(default_factory=list)

    def add(self, names: tuple[str, ...], seconds: float, bookmark: Bookmark) -> None:
        """Add files that the runner has applied in one request."""
        files = {file.name: file for file in self.files}
        now, duration = datetime.now(UTC).replace(microsecond=0), round(seconds, 3)
        self.applications.extend(
            Application(
                name,
                files[name].sha256,
                now,
                duration,
                self.actor.by,
                self.actor.commit,
                bookmark,
                tuple(old.name for old in files[name].squashed),
            )
            for name in names
        )

    def outputs(self, ledger: Sequence[str], bookmark: Bookmark, database_name: str) -> dict[str, Any]:
        """Return the outputs after the run, whether it succeeded or not.

        Args:
            ledger: Names in the ledger now, oldest first.
            bookmark: The bookmark from before the run's first write.
            database_name: The database, for the restore command.
        """
        outputs = {
            **ledger_outputs(ledger),
            "checksums": self._checksums(ledger),
            "history": [application.as_json() for application in extend_history(self.state.history, self.applications)],
        }
        if self.state.bookmark and not self.applications:  # the last write's bookmark is the one to restore
            return {**outputs, "bookmark": self.state.bookmark, "restore_command": self.state.restore_command}
        times = {"time": bookmark.time.isoformat(), "expires": bookmark.expires.isoformat()}
        return {
            **outputs,
            "bookmark": {"id": bookmark.id, **times},
            "restore_command": bookmark.restore_command(database_name),
        }

    def _checksums(self, ledger: Sequence[str]) -> dict[str, str]:
        """Return the digest of each applied file when it was applied; a later edit differs from it."""
        digests = {file.name: file.sha256 for file in self.files}
        digests |= self.state.digests
        digests |= {application.name: application.sha256 for application in self.applications}
        return {name: digests[name] for name in ledger if name in digests}
