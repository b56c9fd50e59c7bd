"""What the commands of a fleet have in common: their options, and what these say about the fleet."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pulumi_d1.cloudflare.account import Account, Description
    from pulumi_d1.cloudflare.pace import Pace, Rate
    from pulumi_d1.fleet.journal import Key
    from pulumi_d1.fleet.member import Terms
    from pulumi_d1.fleet.selection import Shard
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.settings import Settings

RATE: Final = "1100/300"
"""The default, as text: see pulumi_d1.fleet.budget."""

_STACK = click.option(
    "--stack", default="prod", show_default=True, help="Whose settings count: table, pattern, policies, account."
)
_DIR = click.option("--dir", "directory", default="", help="Folder of the migrations.  [default: migrationsDir]")
_SHARD = click.option(
    "--shard", default="1/1", help="Only a part of the databases, such as 3/16, by a hash of the name."
)
_RATE = click.option(
    "--rate", default=RATE, show_default=True, help="Requests in so many seconds, shared by the shards."
)
_OWN_TOKEN = click.option(
    "--token-per-shard", is_flag=True, help="Shards have tokens with limits of their own, and do not share the rate."
)
_MATCH = click.option("--match", required=True, help="Names of the databases, with *, ? and [a-z].")
_CONCURRENCY = click.option(
    "--concurrency", type=click.IntRange(1, 32), default=8, show_default=True, help="Databases at a time."
)

Command = Any  # click's decorators take functions and commands alike


def of_run(command: Command) -> Command:
    """The options of what sends requests."""
    for option in (_CONCURRENCY, _OWN_TOKEN, _RATE, _SHARD, _STACK, _DIR, _MATCH):
        command = option(command)
    return command


def of_arithmetic(command: Command) -> Command:
    """The options of what sends none."""
    for option in (_OWN_TOKEN, _RATE, _SHARD, _STACK, _DIR):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Options:
    """What the options say, before anything is asked for.

    Attributes:
        root: folder of the project.
        settings: of the stack whose settings count.
        folder: of the migrations, as the user wrote it.
        files: the migrations, in order.
        shard: which part of the databases.
        rate: of this shard.
    """

    root: Path
    settings: Settings
    folder: str
    files: Sequence[Migration]
    shard: Shard
    rate: Rate

    @property
    def terms(self) -> Terms:
        """What holds for each database."""
        from pulumi_d1.fleet.member import Terms
        from pulumi_d1.migrations.plan import policy_from
        from pulumi_d1.migrations.run.recovery import OnFailure

        settings = self.settings
        return Terms(
            self.folder,
            settings.migrations_table,
            timedelta(days=settings.retention_days),
            policy_from(settings.policy),
            OnFailure(settings.on_failure),
        )

    def journal_key(self, command: str, match: str) -> Key:
        """What a run has in common with the one that goes on with it."""
        from pulumi_d1.fleet.journal import Key, digest

        settings = self.settings
        return Key(command, settings.account_id, match, str(self.shard), settings.migrations_table, digest(self.files))

    @property
    def journals(self) -> Path:
        """Where runs keep what they did."""
        return self.root / ".d1" / "fleet"


@dataclass(frozen=True, slots=True)
class Fleet:
    """The databases, found.

    Attributes:
        account: they are in.
        members: this shard's, by name.
        listing: requests that found them.
        pace: of all requests.
        remembered: how many requests of earlier processes count against the rate.
    """

    account: Account
    members: Sequence[Description]
    listing: int
    pace: Pace
    remembered: int


def read_options(  # noqa: PLR0913 - the options
    *, stack: str, directory: str, shard: str, rate: str, token_per_shard: bool, needs_account: bool = True
) -> Options:
    """The options.

    Raises:
        ConfigError: one of them, or the project, is wrong.
    """
    from pulumi_d1.cli.support import project
    from pulumi_d1.fleet.budget import read_rate
    from pulumi_d1.fleet.selection import read_shard
    from pulumi_d1.migrations.folder import layout_hint, read_folder
    from pulumi_d1.migrations.pattern import make_pattern

    part = read_shard(shard)
    pace = read_rate(rate).shared_by(1 if token_per_shard else part.of)
    root = project.root()
    settings = project.settings(root, stack, needs_account=needs_account)
    folder = directory or settings.migrations_dir
    pattern = make_pattern(folder, "" if directory else settings.migrations_pattern)
    if hint := layout_hint(root / folder, pattern, folder):
        click.echo(f"warning: {hint}", err=True)
    return Options(root, settings, folder, read_folder(root / folder, pattern), part, pace)


def find(options: Options, match: str, say: Callable[[str], None]) -> Fleet:
    """The databases.

    Args:
        options: of the command.
        match: the pattern of their names.
        say: is told of long waits.

    Raises:
        ConfigError: nothing matches, or what a stack owns; or there is no token.
        ApiError: the account can't be asked for its databases.
    """
    from pulumi_d1.cli.support import project
    from pulumi_d1.cloudflare.account import connect_account
    from pulumi_d1.cloudflare.pace import Pace
    from pulumi_d1.cloudflare.retry import Retry
    from pulumi_d1.ephemeral.names import PERMANENT
    from pulumi_d1.fleet.journal import recent
    from pulumi_d1.fleet.selection import Owners, select

    account_id, pace = options.settings.account_id, Pace(options.rate, say)
    remembered = recent(options.journals, account_id, options.rate.seconds, time.time())
    pace.remember(remembered)
    # The pace tells of waits, once for all threads; a Retry would tell for each.
    account = connect_account(account_id, retry=Retry(), pace=pace)
    files = options.root.glob("Pulumi.*.yaml")
    stacks = PERMANENT | {file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in files}
    known = [project.settings(options.root, stack, needs_account=False) for stack in sorted(stacks)]
    owners = Owners(
        frozenset(settings.database_name for settings in known),
        frozenset(settings.project_name for settings in known),
        stacks,
    )
    members = select(account.databases(), match, options.shard, owners.have)
    return Fleet(account, members, pace.count, pace, len(remembered))
