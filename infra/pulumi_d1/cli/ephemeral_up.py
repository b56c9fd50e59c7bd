"""`d1 ephemeral up`: makes the environment, or brings it up to date and renews its time."""

from __future__ import annotations

import json
from contextlib import chdir
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_d1.ephemeral.inventory import StackSummary
    from pulumi_d1.settings import Settings


@click.command(short_help="Make an environment, or migrate it again.")
@click.argument("name", metavar="NUMBER|STACK")
@click.option("--ttl", default="", metavar="TIME", help="How long it lives after its last run: 72h, 7d, never.")
@click.option("--json", "as_json", is_flag=True, help="Print the stack's outputs as JSON, and all else to stderr.")
def up(name: str, *, ttl: str, as_json: bool) -> None:
    r"""Make the environment of a pull request, or migrate it again and renew its time.

    Runs 'pulumi stack init' where there is no such stack, and 'pulumi up', which creates the database, applies what is
    pending and binds it. A database of its name that a killed run left behind is taken over, and one that somebody
    deleted is made again. Without --ttl it is what the stack was told before, or 7d.

    \b
    Exit code: 0, 75 where another run has the stack, 1 for any other failure.

    \b
    Examples:
      d1 ephemeral up 12
      d1 ephemeral up 12 --ttl 72h --json | jq -r .database_id
      d1 ephemeral up demo --ttl never
    """
    from pulumi_d1.cli.support import project
    from pulumi_d1.cli.support import stack_state as stacks
    from pulumi_d1.cli.support.pulumi_process import run
    from pulumi_d1.cli.support.stack_inventory import committed, read_stack
    from pulumi_d1.ephemeral.names import parse_stack_name
    from pulumi_d1.ephemeral.ttl import DEFAULT_TTL, parse_ttl
    from pulumi_d1.errors import ConfigError

    stack, folder = parse_stack_name(name), project.root()
    if ttl:
        parse_ttl(ttl)
    with chdir(folder):
        settings = project.settings(folder, stack)
        if stack in committed(folder):
            raise ConfigError(
                f"Pulumi.{stack}.yaml is committed, so the stack is not ephemeral: use 'pulumi up' for it"
            )
        there = read_stack(folder, stack)
        _refuse_lasting(stack, there, settings, ttl)
        if there is None:
            _left_behind(folder, settings)  # refuses what must not be taken over while there is no stack yet
            _init(stack)
        lives = ttl or settings.ttl or (there.ttl if there else "") or settings.lifetime or DEFAULT_TTL
        if lives != settings.lifetime:
            stacks.configure(stack, "ttl", lives)
        adopted = "" if there and there.databases else _left_behind(folder, settings)
        if adopted != settings.adopt:
            stacks.configure(stack, "adopt", adopted)
        try:
            run("up", "--yes", "--skip-preview", "--suppress-outputs", "--refresh", stack=stack, quiet=as_json)
        finally:
            if adopted:
                stacks.configure(stack, "adopt", "")
        _tell(folder, stack, as_json=as_json)


def _refuse_lasting(stack: str, there: StackSummary | None, settings: Settings, ttl: str) -> None:
    """Lets no stack expire that nobody made ephemeral.

    Raises:
        ConfigError: the stack is not ephemeral.
    """
    from pulumi_d1.errors import ConfigError

    if settings.protect or (there and there.protected):
        raise ConfigError(f"stack '{stack}' is protected, so it is not ephemeral: use 'pulumi up' for it")
    if there and there.databases and not there.ttl:
        also = f" --ttl {ttl}" if ttl else ""
        raise ConfigError(
            f"stack '{stack}' is there and has no ttl, so it is not ephemeral. If it is to be: "
            f"'pulumi config set ttl 7d --stack {stack}', then 'd1 ephemeral up {stack}{also}'"
        )


def _init(stack: str) -> None:
    from pulumi_d1.cli.support import stack_state as stacks
    from pulumi_d1.cli.support.pulumi_process import ask
    from pulumi_d1.errors import ConfigError

    try:
        ask("stack", "init", stack, "--no-select")
    except ConfigError:
        if stack not in stacks.updated():  # else another run was quicker
            raise


def _left_behind(folder: Path, settings: Settings) -> str:
    """UUID of a database that a killed run has created and nobody knows of; empty where there is none.

    Raises:
        ConfigError: there is one that somebody else may have made.
    """
    from pulumi_d1.cli.support.stack_inventory import connect
    from pulumi_d1.cli.support.takedown import held, unowned
    from pulumi_d1.errors import ConfigError

    account = connect(settings)
    found = unowned(folder, settings, account)
    if found and found.id != settings.adopt and (reason := held(found, settings, account)):
        stack = settings.environment
        raise ConfigError(
            f"there is a database {found.name} ({found.id}) already: {reason}. What expires does not take it over: "
            f"give the environment another name, or keep that database for good: 'pulumi stack init {stack}', "
            f"'d1 adopt --stack {stack}', 'pulumi up --stack {stack}'"
        )
    return found.id if found else ""


def _tell(folder: Path, stack: str, *, as_json: bool) -> None:
    from pulumi_d1.cli.support.pulumi_process import ask
    from pulumi_d1.cli.support.stack_inventory import read_stack

    if as_json:
        click.echo(json.dumps(json.loads(ask("stack", "output", "--stack", stack, "--json")), indent=2))
        return
    found = read_stack(folder, stack)
    if found is None:
        return  # taken down meanwhile
    names = ", ".join(f"{item.name} ({item.id})" for item in found.databases)
    until = found.expires.isoformat(timespec="seconds") if found.expires else "never"
    click.echo(f"{stack} is up: {names}; expires {until} unless it is run again")
