"""`d1 copy`: the rows of a stack in another stack, or in a new database."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from pulumi_d1.backups.restore import NewDatabase, load_new
from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.confirm import confirm
from pulumi_d1.cli.support.options import command_line, complete_stacks
from pulumi_d1.cli.support.output import say
from pulumi_d1.cli.support.source_copy import mask_option, read_masks, source_copy
from pulumi_d1.cli.support.stack_state import read_environment
from pulumi_d1.cli.support.stack_token import stack_token
from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.cloudflare.account import connect_account
from pulumi_d1.copying.replace import Replacement, Script
from pulumi_d1.errors import ConfigError, NotConfirmed
from pulumi_d1.naming import is_production, require_database_name

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_d1.backups.artifact import Backup
    from pulumi_d1.cli.support.stack_state import EnvironmentState
    from pulumi_d1.copying.masks import Masks


@click.command()
@click.option(
    "--from", "source", required=True, metavar="STACK", shell_complete=complete_stacks, help="Stack whose rows to copy."
)
@click.option("--to", "target", metavar="STACK", shell_complete=complete_stacks, help="Stack whose rows to replace.")
@click.option("--into", metavar="NAME", help="Name of a new database.")
@click.option("--jurisdiction", type=click.Choice(["eu", "fedramp", "us"]), help="Jurisdiction of the new database.")
@click.option("--account", metavar="ID", help="Account of the new database.  [default: the stack's]")
@mask_option()
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def copy(
    source: str, target: str | None, into: str | None, mask: Path | None, *, yes: bool, **place: str | None
) -> None:
    r"""Copy the rows of a stack to another stack.

    Replaces schema, rows and ledger of the other stack's database, after a confirmation, and prints the command that
    undoes it. Repeatable. Never copies into production or a protected stack. The copy is loaded into a local D1 and
    compared first, and the database is compared with it afterwards.

    --into NAME copies into a new database instead, in another jurisdiction or account too. It compares, and stops
    before anything uses the new database.

    \b
    Examples:
      d1 copy --from prod --to staging --mask masks.yaml
      d1 copy --from prod --into shop-db-eu --jurisdiction eu
    """
    if (target is None) == (into is None):
        raise click.UsageError("choose the target with one of --to STACK and --into NAME")
    if target and any(place.values()):
        raise click.UsageError("--jurisdiction and --account are for a new database: use them with --into NAME")
    masks = read_masks(mask, source)
    origin = read_environment(source)
    again = command_line("d1 copy", {"from": source, "to": target, "into": into, "mask": mask, **place})
    if target:
        _replace(origin, target, masks, again, yes=yes)
    else:
        _create(origin, str(into), masks, again, place)


def _replace(origin: EnvironmentState, stack: str, masks: Masks | None, again: str, *, yes: bool) -> None:
    state = read_environment(stack)
    _refuse_target(origin, state)
    target, name = state.database(), state.database_name
    with source_copy(origin, masks) as backup:
        undo = f"d1 restore --stack {shlex.quote(stack)} --bookmark "
        say(
            f"This replaces schema, rows and ledger of {name} by those of {origin.database_name}.\n"
            f"  undo it     {undo}{target.bookmark()}"
        )
        confirm(f"Replace the contents of {name}", yes=yes)
        with waiting(f"copying into {name}"):
            bookmark = Replacement(target, name, _script(origin, backup), again).run()
    say(
        f"copied {origin.database_name} into {name}: schema, rows and digests are the same\n"
        f"  undo it     {undo}{bookmark}\n"
        f"  next        pulumi up --stack {shlex.quote(stack)}   # applies the files that are pending there"
    )


def _refuse_target(origin: EnvironmentState, state: EnvironmentState) -> None:
    """Refuse to replace the rows of production, of a protected stack, or of the source."""
    settings = project.settings(project.root(), state.stack, needs_account=False)
    if state.protected or settings.protect or is_production(state.stack):
        raise NotConfirmed(
            f"nothing was copied: stack '{state.stack}' is production or protected, and nothing is copied into such a "
            "stack. 'd1 backup restore --in-place' restores one of its own backups"
        )
    if state.database_id == origin.database_id:
        raise ConfigError(f"nothing was copied: '{origin.stack}' and '{state.stack}' have the same database")
    if state.migrations_table != origin.migrations_table:
        raise ConfigError(
            f"nothing was copied: {origin.database_name} has its ledger in {origin.migrations_table}, but "
            f"{state.database_name} in {state.migrations_table}: set migrationsTable to the same name"
        )


def _create(origin: EnvironmentState, name: str, masks: Masks | None, again: str, place: dict[str, str | None]) -> None:
    require_database_name(name)
    account = connect_account(place["account"] or origin.account_id, token=stack_token(origin.stack))
    new = NewDatabase(name, place["jurisdiction"] or "")
    with source_copy(origin, masks) as backup:
        with waiting(f"copying into {name}"):
            database = load_new(account, new, _script(origin, backup), again, None)
        is_current = origin.database().bookmark() == backup.manifest.bookmark
    say(f"copied {origin.database_name} into {name} ({database.database_id}): schema, rows and digests are the same")
    if is_current:
        say(f"  current     {origin.database_name} has not changed since it was read")
    else:
        say(f"  outdated    {origin.database_name} has changed since it was read: see 'd1 explain moving-data'")
    say("  next        nothing uses the new database yet: 'd1 explain moving-data' has the steps of a switch")


def _script(origin: EnvironmentState, backup: Backup) -> Script:
    return Script(origin.database_name, backup.manifest.contents, backup.unpack)
