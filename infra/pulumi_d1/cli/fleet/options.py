"""Options of the fleet commands, and the fleet that they describe."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.options import through_option, with_through
from pulumi_d1.cli.support.output import say
from pulumi_d1.cli.support.pulumi_process import capture_json
from pulumi_d1.cli.support.stack_token import stack_account
from pulumi_d1.ephemeral.names import PERMANENT
from pulumi_d1.errors import ConfigError, D1Error
from pulumi_d1.fleet.budget import DEFAULT_RATE, parse_rate
from pulumi_d1.fleet.reviews import FleetSettings, ReviewCache
from pulumi_d1.fleet.selection import Selection, parse_shard, select_members, stack_databases
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.naming import production_name
from pulumi_d1.sqlite.statements import first_word, split
from pulumi_d1.system.files import prefix_errors

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from pulumi_d1.cloudflare.pace import Rate
    from pulumi_d1.fleet.engine import Worker
    from pulumi_d1.fleet.result import MemberRecord, RunRecord
    from pulumi_d1.fleet.runs import Runs
    from pulumi_d1.fleet.selection import Shard
    from pulumi_d1.settings import Settings


def _refuse_blank(_context: click.Context, _option: click.Parameter, command: str | None) -> str | None:
    """Raise an error for a blank command, such as an unset variable: the shell would report success."""
    if command is not None and not command.strip():
        raise click.BadParameter("the command is blank")
    return command


RATE: Final = f"{DEFAULT_RATE.requests}/{DEFAULT_RATE.seconds}"

_FOLDER: Final = (
    click.option("--stack", help="Use this stack's settings.  [default: prod, production]"),
    click.option("--dir", "directory", default="", help="Migrations folder.  [default: migrationsDir]"),
)
_RATE: Final = (
    click.option("--shard", default="1/1", help="Part of the databases, by a hash of the name: 3/16."),
    click.option("--rate", help=f"Requests/seconds for all workers and shards.  [default: {RATE}]"),
)
store_option: Final = click.option(
    "--database", envvar="D1_FLEET_DATABASE", default="", help="PostgreSQL's URL.  [default: .d1/fleet.sqlite]"
)
_SELECTION: Final = (
    click.option("--match", help="Select by a pattern of the names, with *, ? and [a-z]."),
    click.option(
        "--members", metavar="FILE", type=click.File("rb"), help="Select the names or UUIDs in a file; - for stdin."
    ),
    click.option("--sql", nargs=2, metavar="DB SELECT", help="Select what a query on a control database returns."),
    click.option("--output", metavar="NAME", help="Select the names or UUIDs in a list that the stack outputs."),
)
CONCURRENCY: Final = click.option(
    "--concurrency", metavar="N", type=click.IntRange(1, 32), default=8, show_default=True, help="Databases at a time."
)
CHECK: Final = click.option(
    "--check",
    metavar="COMMAND",
    callback=_refuse_blank,
    help="After the canaries, continue only if this command succeeds.",
)
YES: Final = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
JSON: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _options(*options: Callable[..., Any]) -> Callable[..., Any]:
    """Return a decorator that adds options to a command."""
    return lambda command: reduce(lambda inner, option: option(inner), reversed(options), command)


folder_options: Final = _options(*_FOLDER, *_RATE)
worker_options: Final = _options(*_FOLDER, through_option, store_option)
work_options: Final = _options(*_FOLDER, through_option, *_RATE, store_option)
run_options: Final = _options(*_SELECTION, work_options)


def open_runs(database: str) -> Runs:
    """Open the runs.

    Raises:
        ConfigError: The extra is not installed, or the database cannot be opened.
    """
    if find_spec("dbos") is None:
        raise ConfigError("'d1 fleet' needs the extra 'fleet': pip install 'pulumi-d1[fleet]'")
    from pulumi_d1.fleet import runs  # slow to import, and the extra may be missing

    opened = runs.open_runs(database, project.root() / ".d1")
    click.get_current_context().call_on_close(opened.database.engine.dispose)
    return opened


@dataclass(frozen=True)
class Fleet:
    """The databases, files and runs that the options of a command describe.

    Attributes:
        settings: The stack's settings.
        own: What is applied to each database.
        rate: The rate of this shard.
        rate_option: The value of --rate; None if it was left out, empty for a command that has no such option.
        database: The URL of the runs.
    """

    settings: Settings
    own: FleetSettings
    shard: Shard
    rate: Rate
    rate_option: str | None
    database: str
    match: str | None = None
    members: BinaryIO | None = None
    sql: tuple[str, str] | None = None
    output: str | None = None

    @cached_property
    def runs(self) -> Runs:
        """The runs."""
        return open_runs(self.database)

    def run(self, run: str) -> RunRecord:
        """Return a run, or the newest one.

        Raises:
            ConfigError: There is no such run, or it is of another account.
        """
        record = self.runs.get(run)
        if record.plan.account != self.settings.account_id:
            raise ConfigError(f"run {record.id} is of account {record.plan.account}: use a --stack of that account")
        return record

    @cached_property
    def worker(self) -> Worker:
        """The means to work on runs. A command with --rate sets the rate, but without a value only if nobody works."""
        runs = self.runs
        from pulumi_d1.fleet.engine import Worker
        from pulumi_d1.fleet.slots import SharedPace

        pace = SharedPace(runs.database, self.settings.account_id)
        keep = self.rate_option == "" or (self.rate_option is None and runs.are_held())
        pace.set_rate(self.rate, keep=keep)
        account = stack_account(self.settings, pace)
        return Worker(runs, account, ReviewCache(self.own), self.own.version(account.id))

    def select(self) -> tuple[Selection, list[MemberRecord]]:
        """List the databases that the options select.

        Raises:
            ConfigError: Nothing matches, or a stack's database does.
            ApiError: Cloudflare does not list the databases.
        """
        selection, databases = self._selection(), self.worker.account.databases()
        return selection, select_members(databases, selection, self.shard, self.of_stacks())

    def _selection(self) -> Selection:
        if sum(option is not None for option in (self.match, self.members, self.sql, self.output)) != 1:
            raise click.UsageError("select databases with one of --match, --members, --sql and --output")
        if self.members is not None:
            with prefix_errors(self.members.name):
                listed = self.members.read().decode("utf-8-sig").split()
            return Selection(f"--members {self.members.name}", names=frozenset(listed))
        if self.sql is not None:
            if len(split(self.sql[1])) != 1 or first_word(self.sql[1]) != "select":
                raise ConfigError(f"--sql {self.sql[0]}: the query is not one SELECT")
            try:
                rows = self.worker.account.find(self.sql[0]).read(self.sql[1])
            except D1Error as error:
                raise ConfigError(f"--sql {self.sql[0]}: {error}") from None
            values = [next(iter(row.values()), None) for row in rows]
            if not all(isinstance(value, str) for value in values):
                raise ConfigError(f"--sql {self.sql[0]}: not every row begins with a text: select names or UUIDs")
            return Selection(f"--sql {self.sql[0]}", names=frozenset(map(str, values)), are_rows=True)
        if self.output is not None:
            stack, option = self.settings.environment, f"--output {self.output}"
            names: object = capture_json("stack", "output", self.output, "--json", "--stack", stack)
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise ConfigError(f"{option}: stack '{stack}' does not output a list of names or UUIDs here")
            return Selection(option, names=frozenset(names))
        return Selection(f"--match '{self.match}'", str(self.match))

    def of_stacks(self) -> re.Pattern[str]:
        """Return a pattern of the names of databases that belong to a stack of this project."""
        root = project.root()
        stacks = PERMANENT | project.configured_stacks(root)
        settings = [project.settings(root, stack, needs_account=False) for stack in sorted(stacks)]
        names, projects = ({getattr(item, key) for item in settings} for key in ("database_name", "project_name"))
        return stack_databases(names, projects, stacks)


def read_fleet(  # noqa: PLR0913 - one argument for each option
    *,
    stack: str | None,
    directory: str,
    shard: str = "1/1",
    rate: str | None = "",
    through: str | None = None,
    database: str = "",
    needs_account: bool = True,
    **sources: Any,
) -> Fleet:
    """Parse the options.

    Raises:
        ConfigError: An option or the project is invalid.
    """
    root = project.root()
    stacks = project.configured_stacks(root)
    if stack and stack not in stacks | PERMANENT:
        raise ConfigError(f"--stack {stack}: there is no Pulumi.{stack}.yaml. Stacks: {', '.join(sorted(stacks))}")
    try:
        part, whole = parse_shard(shard), parse_rate(rate or RATE)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    stack = stack or production_name(stacks)
    settings = with_through(project.settings(root, stack, needs_account=needs_account), through)
    pattern = "" if directory else settings.migrations_pattern
    folder = migrations_folder(directory or settings.migrations_dir, pattern, root)
    for hint in folder.hints():
        say(f"warning: {hint}", err=True)
    own = FleetSettings(folder.name, folder.read(), settings.migrations_table, settings.run_options)
    own.options.stop.check([file.name for file in own.files])
    return Fleet(settings, own, part, whole.shared_by(part.of), rate, database, **sources)
