"""`d1 restore`: puts a database back to a moment of its past, and keeps what was wrong from coming again."""

from __future__ import annotations

import json
import shlex
import time as clock
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from pulumi_d1.cli.support.options import migrations, stack_option
from pulumi_d1.naming import is_production

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pulumi_d1.cli.support.stack_state import Stack
    from pulumi_d1.cloudflare.database import D1Api
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.past.destination import Destination
    from pulumi_d1.migrations.past.events import Event
    from pulumi_d1.migrations.past.restore import Restored
    from pulumi_d1.migrations.pattern import Pattern
    from pulumi_d1.migrations.quarantine import Quarantine


@click.command(short_help="Put a database back, rows included.")
@stack_option("The environment whose database to restore.")
@click.option("--before", metavar="FILE", shell_complete=migrations, help="To before the run that applied this file.")
@click.option("--time", metavar="TIME", help="To this moment: ISO 8601 with Z or an offset.")
@click.option("--bookmark", metavar="ID", help="To this Time Travel bookmark.")
@click.option("--correct", metavar="WORDS", help="Create a migration that is to put right what was taken back.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; what is said on the way goes to stderr.")
def restore(stack: str, correct: str | None, *, yes: bool, as_json: bool, **moment: str | None) -> None:
    r"""Put a database back, rows included: every write since then is lost.

    Shows what that is, asks, and prints the command that undoes it. The texts of the files that it takes back are
    quarantined in Pulumi.STACK.yaml: 'pulumi up' and 'd1 plan' refuse them on this stack until they are changed, or
    released with 'd1 release'.

    \b
    Examples:
      d1 restore --before 0004_tags.sql
      d1 restore --stack prod --time 2026-11-23T02:10:00Z --correct "tags with index"
      d1 restore --bookmark 00000085-0000024c-00004c6d-8e61117bf38d7adb71b934ebbf891683 --yes
    """
    from pulumi_d1.cli.support import project
    from pulumi_d1.cli.support import stack_state as stacks

    folder = project.root()
    quarantine = project.settings(folder, stack, needs_account=False).quarantined
    known = stacks.read(stack)
    say = partial(click.echo, err=as_json)
    task = _Task(known, known.database(), folder / known.outputs["migrations_dir"], quarantine, say)
    correction = task.correction(correct) if correct is not None else None
    done, events = task.restore(task.destination(moment), yes=yes)
    held = task.quarantine_all(done.gone, events)
    if correction:
        task.create(correction, done)
    if as_json:
        click.echo(json.dumps(_as_json(done, held, correction), indent=2))


@dataclass(frozen=True, slots=True)
class _Task:
    """One restore.

    Attributes:
        stack: what the state knows of it.
        database: its database.
        folder: of its migrations.
        quarantine: what is quarantined already.
        say: tells the user.
    """

    stack: Stack
    database: D1Api
    folder: Path
    quarantine: Quarantine
    say: Callable[[str], None]

    def destination(self, moment: dict[str, str | None]) -> Destination:
        """The moment that exactly one option names."""
        from pulumi_d1.migrations.past import destination

        given = {option: value for option, value in moment.items() if value is not None}
        if len(given) != 1:
            raise click.UsageError(
                "say which moment to go back to, by one of --before FILE, --time TIME and --bookmark ID"
            )
        ((option, value),) = given.items()
        if option == "before":
            return destination.before_file(value, self.stack.history)
        if option == "time":
            return destination.at_time(value, self._retention, self.database.bookmark_at)
        return destination.at_bookmark(value, (item.bookmark for item in self.stack.history))

    def correction(self, words: str) -> Path:
        """The file that --correct asks for, before anything is done."""
        from pulumi_d1.errors import ConfigError
        from pulumi_d1.migrations.past.correction import correction_name

        name = correction_name((item.name for item in self._files()), words)
        if not self._pattern.matches(name):
            raise ConfigError(f"nothing was done: {name} would not match migrationsPattern; leave out --correct")
        file = self.folder / name
        if file.exists():
            raise ConfigError(f"nothing was done: {file} exists already; give --correct other words")
        return file

    def restore(self, to: Destination, *, yes: bool) -> tuple[Restored, tuple[Event, ...]]:
        """Shows, asks, restores, and shows what is there then."""
        from pulumi_d1.cli.support.confirm import confirm
        from pulumi_d1.cli.support.waiting import waiting
        from pulumi_d1.migrations import live
        from pulumi_d1.migrations.past.events import newer, past
        from pulumi_d1.migrations.past.loss import loss
        from pulumi_d1.migrations.past.restore import Restore
        from pulumi_d1.reports.restore_text import format_restored, format_warning

        name, table = self.stack.database_name, self._table
        with waiting(f"reading {name}"):
            now = live.read_database(self.database, table)
        events = past(self.stack.history, now)
        undone = newer(events, to.bookmark, self._retention, self.database.bookmark_at)
        protected = self.stack.protected or is_production(self.stack.name)
        lost = loss(undone, now, self._files(), table)
        self.say(format_warning(name, to, self._retention, lost, protected=protected))
        confirm(f"Restore {name}", yes=yes, word=name if protected else "")

        expected = [item for item in now.ledger if item not in {event.name for event in undone}]
        action = Restore(self.database, table, to.bookmark, now, expected, self._undo, clock.sleep)
        with waiting(f"restoring {name}"):
            done = action.run()
        self.say(format_restored(done, name, self._undo(done.undo)))
        self._show_drift(done)
        return done, events

    def quarantine_all(self, gone: Sequence[str], events: Sequence[Event]) -> Quarantine:
        """Writes what was taken back into the stack's configuration."""
        from pulumi_d1.cli.support.stack_state import configure
        from pulumi_d1.errors import ConfigError
        from pulumi_d1.migrations.past.events import digests

        found = digests(gone, events, self.stack.outputs.get("checksums") or {}, self._files())
        quarantine = self.quarantine.with_texts(found.items())
        for name in gone:
            if name not in found:
                self.say(f"not quarantined, since nobody knows its text: {name}")
        if quarantine != self.quarantine:
            try:
                configure(self.stack.name, "quarantine", str(quarantine))
            except ConfigError as error:
                command = f"pulumi config set --stack {self.stack.name} quarantine '{quarantine}'"
                raise ConfigError(
                    f"the database is restored, but nothing is quarantined: {error}\nrun: {command}"
                ) from None
            file = f"Pulumi.{self.stack.name}.yaml"
            self.say(
                f"quarantined in {file}: {', '.join(found)}; commit that file, so that every 'pulumi up' refuses them"
            )
        self.say(
            f"Pulumi's state is behind: 'pulumi up --stack {self.stack.name}' reads the ledger and goes on from there"
        )
        return quarantine

    def create(self, file: Path, done: Restored) -> None:
        """Writes the file that --correct asks for."""
        from pulumi_d1.migrations.past.correction import correction_text

        with file.open("x", encoding="utf-8") as stream:
            stream.write(correction_text(file.name, done.gone, self.stack.name, done.bookmark))
        shown = f"{self.stack.outputs['migrations_dir']}/{file.name}"
        self.say(f"created {shown}: write in it what puts right what was taken back")

    @property
    def _retention(self) -> timedelta:
        return timedelta(days=int(self.stack.outputs["retention_days"]))

    @property
    def _table(self) -> str:
        return str(self.stack.outputs["migrations_table"])

    @property
    def _pattern(self) -> Pattern:
        from pulumi_d1.migrations.pattern import make_pattern

        outputs = self.stack.outputs
        return make_pattern(outputs["migrations_dir"], outputs.get("migrations_pattern") or "")

    def _undo(self, bookmark: str) -> str:
        return f"d1 restore --stack {shlex.quote(self.stack.name)} --bookmark {bookmark}"

    def _files(self) -> tuple[Migration, ...]:
        from pulumi_d1.migrations.folder import read_folder

        return read_folder(self.folder, self._pattern)

    def _show_drift(self, done: Restored) -> None:
        from pulumi_d1.errors import SqlError
        from pulumi_d1.migrations.review.review import drift
        from pulumi_d1.reports.review_text import drift_lines

        try:
            lines = drift_lines(drift(self._files(), done.now, self._table))
        except SqlError as error:
            lines = (f"whether it is what the applied files make can't be told: {error}",)
        self.say("\n".join(f"  schema      {line}" for line in lines or ("is what the applied files make",)))


def _as_json(done: Restored, quarantine: Quarantine, correction: Path | None) -> dict[str, Any]:
    return {
        "bookmark": done.bookmark,
        "undo": done.undo,
        "gone": list(done.gone),
        "back": list(done.back),
        "applied": list(done.now.ledger),
        "quarantine": {file.name: file.digest for file in quarantine.files},
        "created": str(correction) if correction else None,
    }
