"""Options of the fleet commands, and the databases that they select."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import reduce
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.options import through_option, with_through
from pulumi_d1.cli.support.output import say
from pulumi_d1.cli.support.pulumi_process import capture
from pulumi_d1.cli.support.stack_token import stack_account
from pulumi_d1.ephemeral.names import PERMANENT
from pulumi_d1.errors import ConfigError
from pulumi_d1.fleet.budget import DEFAULT_RATE, parse_rate
from pulumi_d1.fleet.reviews import FleetSettings, ReviewCache
from pulumi_d1.fleet.selection import Selection, StackNames, parse_shard, select_members
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.naming import production_name, require_database_name
from pulumi_d1.system.files import prefix_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pulumi_d1.cloudflare.pace import Rate
    from pulumi_d1.fleet.engine import Worker
    from pulumi_d1.fleet.result import MemberRecord
    from pulumi_d1.fleet.runs import Runs
    from pulumi_d1.fleet.selection import Shard
    from pulumi_d1.settings import Settings

RATE: Final = f"{DEFAULT_RATE.requests}/{DEFAULT_RATE.seconds}"

_FOLDER: Final = (
    click.option("--stack", help="Use this stack's settings.  [default: prod, production]"),
    click.option("--dir", "directory", default="", help="Migrations folder.  [default: migrationsDir]"),
)
_RATE: Final = (
    click.option("--shard", default="1/1", help="Part of the databases, by a hash of the name: 3/16."),
    click.option("--rate", default=RATE, show_default=True, help="Requests/seconds for all workers and shards."),
    click.option("--token-per-shard", is_flag=True, help="Let each shard use the whole rate."),
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
    from pulumi_d1.fleet import runs, store  # slow to import, and the extra may be missing

    opened = store.open_store(database, project.root() / ".d1")
    click.get_current_context().call_on_close(opened.engine.dispose)
    return runs.Runs(opened)


@dataclass(frozen=True, slots=True)
class FleetOptions:
    """The parsed options.

    Attributes:
        settings: The stack's settings.
        own: What is applied to each database.
        rate: The rate of all workers, or this shard's part of it.
    """

    root: Path
    settings: Settings
    own: FleetSettings
    shard: Shard
    rate: Rate


def read_options(  # noqa: PLR0913 - one argument for each option
    *,
    stack: str | None,
    directory: str,
    shard: str = "1/1",
    rate: str = RATE,
    token_per_shard: bool = False,
    through: str | None = None,
    needs_account: bool = True,
) -> FleetOptions:
    """Parse the options.

    Raises:
        ConfigError: An option or the project is invalid.
    """
    part = parse_shard(shard)
    own_rate = parse_rate(rate).shared_by(1 if token_per_shard else part.of)
    root = project.root()
    stack = stack or production_name(project.configured_stacks(root))
    settings = with_through(project.settings(root, stack, needs_account=needs_account), through)
    pattern = "" if directory else settings.migrations_pattern
    folder = migrations_folder(directory or settings.migrations_dir, pattern, root)
    for hint in folder.hints():
        say(f"warning: {hint}", err=True)
    own = FleetSettings(folder.name, folder.read(), settings.migrations_table, settings.run_options)
    own.options.stop.check([file.name for file in own.files])
    return FleetOptions(root, settings, own, part, own_rate)


@dataclass(frozen=True, slots=True)
class Fleet:
    """An account, and the runs on it.

    Attributes:
        worker: What is needed to work on runs.
        chosen: The values of --match, --members, --sql and --output.
    """

    options: FleetOptions
    runs: Runs
    worker: Worker
    chosen: tuple[str | None, BinaryIO | None, tuple[str, str] | None, str | None]

    def select(self) -> tuple[Selection, tuple[MemberRecord, ...]]:
        """List the databases that the options select.

        Raises:
            ConfigError: Nothing matches, or a stack's database does.
            ApiError: Cloudflare does not list the databases.
        """
        match, members, sql, output = self.chosen
        account, stack = self.worker.account, self.options.settings.environment
        if sum(option is not None for option in self.chosen) != 1:
            raise click.UsageError("select databases with one of --match, --members, --sql and --output")
        selection = Selection(f"--match '{match}'", match or "")
        if members is not None:
            with prefix_errors(members.name):
                listed = members.read().decode("utf-8-sig").split()
            selection = Selection(f"--members {members.name}", names=frozenset(listed))
        elif sql is not None:
            rows = account.find(sql[0]).read(sql[1])
            selection = Selection(f"--sql {sql[0]}", names=frozenset(str(next(iter(row.values()))) for row in rows))
        elif output is not None:
            names: object = json.loads(capture("stack", "output", output, "--json", "--stack", stack))
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise ConfigError(f"--output {output}: stack '{stack}' does not output a list of names or UUIDs here")
            selection = Selection(f"--output {output}", names=frozenset(names))
        return selection, select_members(account.databases(), selection, self.options.shard, self._owners().own)

    def require_new_names(self, names: Sequence[str]) -> None:
        """Raise an error if D1 does not accept a name, or a stack's database has it."""
        owners = self._owners()
        for name in names:
            require_database_name(name)
            if owners.own(name):
                raise ConfigError(f"{name}: this name belongs to a stack, and 'pulumi up' creates its database")

    def _owners(self) -> StackNames:
        stacks = PERMANENT | project.configured_stacks(self.options.root)
        settings = [project.settings(self.options.root, stack, needs_account=False) for stack in sorted(stacks)]
        databases = frozenset(item.database_name for item in settings)
        return StackNames(databases, frozenset(item.project_name for item in settings), stacks)


def open_fleet(database: str, **values: Any) -> Fleet:
    """Open the runs, and prepare to work on them. A command with --rate sets the rate of all workers.

    Raises:
        ConfigError: An option, the project or the token is invalid.
    """
    match, members, sql, output = (values.pop(name, None) for name in ("match", "members", "sql", "output"))
    options, runs = read_options(**values), open_runs(database)
    from pulumi_d1.fleet.engine import Worker
    from pulumi_d1.fleet.slots import SharedPace

    pace = SharedPace(runs.store, options.settings.account_id)
    pace.set_rate(options.rate, keep="rate" not in values)
    account = stack_account(options.settings, pace)
    worker = Worker(runs.store, account, ReviewCache(options.own), options.own.version(account.id))
    return Fleet(options, runs, worker, (match, members, sql, output))
