"""`d1 restore`: restore a database to an earlier point in time, and quarantine the files that this undoes."""

from __future__ import annotations

import json
import shlex
import time as clock
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.confirm import confirm
from pulumi_d1.cli.support.options import complete_migrations, stack_option
from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.cli.support.stack_state import configure, read_environment
from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations import live
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.migrations.next_file import next_name
from pulumi_d1.migrations.past import destination
from pulumi_d1.migrations.past.correction import correction_text
from pulumi_d1.migrations.past.events import applied_digests, events_after, join_history
from pulumi_d1.migrations.past.loss import estimate_loss
from pulumi_d1.migrations.past.restore import DatabaseRestore
from pulumi_d1.naming import is_production
from pulumi_d1.reports.restore_text import format_restored, format_warning
from pulumi_d1.reports.review_text import describe_drift

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pulumi_d1.cli.support.stack_state import EnvironmentState
    from pulumi_d1.cloudflare.database import D1Api
    from pulumi_d1.migrations.folder import MigrationsFolder
    from pulumi_d1.migrations.past.destination import Destination
    from pulumi_d1.migrations.past.events import HistoryEvent
    from pulumi_d1.migrations.past.restore import RestoreResult
    from pulumi_d1.migrations.quarantine import Quarantine


@click.command()
@stack_option("Stack whose database to restore.")
@click.option(
    "--before",
    metavar="FILE",
    shell_complete=complete_migrations,
    help="Restore to before its last application.",
)
@click.option("--time", metavar="TIME", help="Restore to this time: ISO 8601 with Z or an offset.")
@click.option("--bookmark", metavar="ID", help="Restore to this Time Travel bookmark.")
@click.option("--correct", metavar="WORDS", help="Create a migration in which to correct the undone files.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and all else to stderr.")
def restore(stack: str, correct: str | None, *, yes: bool, as_json: bool, **moment: str | None) -> None:
    r"""Restore a database to an earlier point in time.

    Every write since then is lost. Shows what that is, asks for confirmation, and prints the command that undoes the
    restore. The texts of the undone files are quarantined in Pulumi.STACK.yaml: 'pulumi up' and 'd1 plan' refuse them
    on this stack until they change, or until 'd1 release'.

    \b
    Examples:
      d1 restore --before 0004_tags.sql
      d1 restore --stack prod --time 2026-11-23T02:10:00Z --correct "tags again"
      d1 restore --bookmark BOOKMARK --yes
    """
    folder = project.root()
    quarantine = project.settings(folder, stack, needs_account=False).quarantined
    state = read_environment(stack)
    migrations = migrations_folder(state.migrations_dir, state.migrations_pattern, folder)
    run = _Run(state, state.database(), migrations, quarantine, partial(say, err=as_json))
    correction = run.correction_name(correct) if correct is not None else None
    restored, events = run.restore(run.destination(moment), yes=yes)
    quarantine = run.quarantine_files(restored.undone, events)
    created = run.create(correction, restored) if correction else None
    if as_json:
        print_data(json.dumps(_as_json(restored, quarantine, created), indent=2))


@dataclass(frozen=True, slots=True)
class _Run:
    """One restore."""

    state: EnvironmentState
    database: D1Api
    migrations: MigrationsFolder
    quarantine: Quarantine
    echo: Callable[[str], None]

    def destination(self, moment: dict[str, str | None]) -> Destination:
        """Return the destination that exactly one option names."""
        options = {option: value for option, value in moment.items() if value is not None}
        if len(options) != 1:
            raise click.UsageError("choose a point in time with one of --before FILE, --time TIME and --bookmark ID")
        ((option, value),) = options.items()
        history = self.state.history
        if option == "before":
            return destination.before_file(value, history)
        if option == "time":
            return destination.at_time(value, self.state.retention, self.database.bookmark_at)
        return destination.at_bookmark(value, (item.bookmark for item in history))

    def correction_name(self, words: str) -> str:
        """Return the name of the file that --correct creates, before anything is restored.

        Raises:
            ConfigError: The file exists, or would not be a migration.
        """
        names = [item.name for item in self.migrations.read()]
        try:
            name = next_name(names, self.migrations.pattern, words, datetime.now(UTC))
        except ConfigError as error:
            raise ConfigError(f"nothing was restored: {error}, and omit --correct") from None
        if (file := self.migrations.path / name).exists():
            raise ConfigError(f"nothing was restored: {file} exists already; use other words for --correct")
        return name

    def restore(self, to: Destination, *, yes: bool) -> tuple[RestoreResult, tuple[HistoryEvent, ...]]:
        """Show the loss, ask for confirmation, restore, and show the result. Return it with the events before it."""
        name, table, retention = self.state.database_name, self.state.migrations_table, self.state.retention
        with waiting(f"reading {name}"):
            current = live.read_despite_faults(self.database, table)
        if current.fault:
            self.echo(current.fault)
        events = join_history(self.state.history, current)
        undone = events_after(events, to.bookmark, retention, self.database.bookmark_at)
        protected = self.state.protected or is_production(self.state.stack)
        lost = estimate_loss(undone, current, self.migrations.read(), table)
        self.echo(format_warning(name, to, retention, lost, protected=protected))
        confirm(f"Restore {name}", yes=yes, word=name if protected else "")

        expected = [item for item in current.ledger if item not in {event.name for event in undone}]
        action = DatabaseRestore(self.database, table, to.bookmark, current, expected, self._undo_command, clock.sleep)
        with waiting(f"restoring {name}"):
            restored = action.run()
        self.echo(format_restored(restored, name, self._undo_command(restored.undo)))
        for line in describe_drift(self.migrations.read, restored.now, table) or ("matches the applied files",):
            self.echo(f"  schema      {line}")
        return restored, events

    def quarantine_files(self, undone: Sequence[str], events: Sequence[HistoryEvent]) -> Quarantine:
        """Add the undone files to the stack's configuration, and return the new quarantine."""
        stack = self.state.stack
        known = applied_digests(undone, events, self.state.checksums, self.migrations.read())
        quarantine = self.quarantine.with_texts(known.items())
        for name in undone:
            if name not in known:
                self.echo(f"not quarantined, because its text is unknown: {name}")
        if quarantine != self.quarantine:
            try:
                configure(stack, "quarantine", str(quarantine))
            except ConfigError as error:
                raise ConfigError(
                    f"the database is restored, but nothing is quarantined: {error}\n"
                    f"run: pulumi config set --stack {stack} quarantine '{quarantine}'"
                ) from None
            self.echo(
                f"quarantined in Pulumi.{stack}.yaml: {', '.join(known)}; commit that file, so that every 'pulumi up' "
                "refuses them"
            )
        self.echo(f"Pulumi's state is outdated: 'pulumi up --stack {stack}' reads the ledger and continues from there")
        return quarantine

    def create(self, name: str, restored: RestoreResult) -> Path:
        """Create the file that --correct names."""
        text = correction_text(name, restored.undone, self.state.stack, restored.bookmark, datetime.now(UTC))
        file = self.migrations.create(name, text)
        self.echo(f"created {self.migrations.name}/{name}: write the correction into it")
        return file

    def _undo_command(self, bookmark: str) -> str:
        return f"d1 restore --stack {shlex.quote(self.state.stack)} --bookmark {shlex.quote(bookmark)}"


def _as_json(restored: RestoreResult, quarantine: Quarantine, created: Path | None) -> dict[str, Any]:
    return {
        "bookmark": restored.bookmark,
        "undo": restored.undo,
        "undone": list(restored.undone),
        "redone": list(restored.redone),
        "applied": list(restored.now.ledger),
        "quarantine": {file.name: file.digest for file in quarantine.files},
        "created": str(created) if created else None,
    }
