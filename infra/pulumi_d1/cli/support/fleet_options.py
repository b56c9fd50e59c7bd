"""Options of the fleet commands, and the databases that they select."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.options import through_option, with_through
from pulumi_d1.cli.support.output import say
from pulumi_d1.cli.support.stack_token import stack_account
from pulumi_d1.cloudflare.pace import Pace
from pulumi_d1.ephemeral.names import PERMANENT
from pulumi_d1.fleet.budget import parse_rate
from pulumi_d1.fleet.journal import RunKey, folder_digest, recent_requests
from pulumi_d1.fleet.member import FleetSettings
from pulumi_d1.fleet.selection import StackNames, parse_shard, select_members
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.naming import production_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pulumi_d1.cloudflare.account import Account, DatabaseInfo
    from pulumi_d1.cloudflare.pace import Rate
    from pulumi_d1.fleet.selection import Shard
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.settings import Settings

RATE: Final = "1100/300"
"""The default of --rate; pulumi_d1.fleet.budget has its source."""

_STACK = click.option("--stack", help="Use this stack's settings.  [default: prod, production]")
_DIR = click.option("--dir", "directory", default="", help="Migrations folder.  [default: migrationsDir]")
_SHARD = click.option("--shard", default="1/1", help="Part of the databases, by a hash of the name: 3/16.")
_RATE = click.option("--rate", default=RATE, show_default=True, help="Requests/seconds for all shards.")
_OWN_TOKEN = click.option("--token-per-shard", is_flag=True, help="Let each shard use the whole rate.")
_MATCH = click.option("--match", required=True, help="Pattern of the names, with *, ? and [a-z].")
_CONCURRENCY = click.option(
    "--concurrency", metavar="N", type=click.IntRange(1, 32), default=8, show_default=True, help="Databases at a time."
)

Command = Any  # click's decorators take functions and commands alike


def run_flags(command: Command) -> Command:
    """Add the options of a command that sends requests."""
    for option in (_CONCURRENCY, _OWN_TOKEN, _RATE, _SHARD, through_option, _STACK, _DIR, _MATCH):
        command = option(command)
    return command


def folder_options(command: Command) -> Command:
    """Add the options of a command that reads the migrations only."""
    for option in (_OWN_TOKEN, _RATE, _SHARD, _STACK, _DIR):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class FleetOptions:
    """The parsed options.

    Attributes:
        folder: The migrations folder, as the user wrote it.
        files: The migrations, in order.
        shard: The part of the databases to use.
    """

    root: Path
    settings: Settings
    folder: str
    files: Sequence[Migration]
    shard: Shard
    rate: Rate

    @property
    def run_settings(self) -> FleetSettings:
        """The options that apply to each database."""
        return FleetSettings(self.folder, self.settings.migrations_table, self.settings.run_options)

    def journal_key(self, command: str, match: str) -> RunKey:
        """Return the key by which a run finds the interrupted run that it continues."""
        settings = self.settings
        return RunKey(
            command,
            settings.account_id,
            match,
            str(self.shard),
            settings.migrations_table,
            folder_digest(self.files, settings.through),
        )

    @property
    def journals(self) -> Path:
        """Folder of the journals."""
        return self.root / ".d1" / "fleet"


@dataclass(frozen=True, slots=True)
class Fleet:
    """The databases that match.

    Attributes:
        members: The databases of this shard, by name.
        listing: Number of requests that listed them.
        remembered: Number of requests of earlier processes that count against the rate.
    """

    account: Account
    members: Sequence[DatabaseInfo]
    listing: int
    pace: Pace
    remembered: int


def read_options(  # noqa: PLR0913 - one argument for each option
    *,
    stack: str | None,
    directory: str,
    shard: str,
    rate: str,
    token_per_shard: bool,
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
    files = folder.read()
    settings.run_options.stop.check([file.name for file in files])
    return FleetOptions(root, settings, folder.name, files, part, own_rate)


def find_fleet(options: FleetOptions, match: str) -> Fleet:
    """List the databases that match.

    Raises:
        ConfigError: Nothing matches, or a stack's database does; or the token is missing.
        ApiError: Cloudflare does not list the databases.
    """
    account_id, pace = options.settings.account_id, Pace(options.rate)
    remembered = recent_requests(options.journals, account_id, options.rate.seconds, time.time())
    pace.add_earlier(remembered)
    account = stack_account(options.settings, pace)
    stacks = PERMANENT | project.configured_stacks(options.root)
    settings = [project.settings(options.root, stack, needs_account=False) for stack in sorted(stacks)]
    owners = StackNames(
        frozenset(item.database_name for item in settings), frozenset(item.project_name for item in settings), stacks
    )
    members = select_members(account.databases(), match, options.shard, owners.own)
    return Fleet(account, members, pace.count, pace, len(remembered))
