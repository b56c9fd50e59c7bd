"""`d1 fleet create`, `d1 fleet delete` and `d1 fleet restore`: runs that do something else than migrate."""

from __future__ import annotations

from typing import Any

import click

from pulumi_d1.cli.fleet.follow import work_on
from pulumi_d1.cli.fleet.options import JSON, YES, read_fleet, run_options, work_options
from pulumi_d1.cli.support.confirm import confirm
from pulumi_d1.cli.support.output import say
from pulumi_d1.errors import ConfigError
from pulumi_d1.fleet.result import MemberRecord, RunPlan, Work, digest
from pulumi_d1.naming import require_database_name
from pulumi_d1.reports.review_text import counted


@click.command()
@click.argument("names", nargs=-1, required=True)
@work_options
@YES
@JSON
def create(names: tuple[str, ...], *, yes: bool, as_json: bool, **values: Any) -> None:
    r"""Create databases and apply all files to them.

    A database that exists is kept, and only migrated.

    \b
    Examples:
      d1 fleet create shop-tenant-8 shop-tenant-9
      xargs d1 fleet create --yes < new-tenants.txt
    """
    fleet = read_fleet(**values)
    of_stacks = fleet.of_stacks()
    for name in names:
        require_database_name(name)
        if of_stacks.fullmatch(name):
            raise ConfigError(f"{name}: this name belongs to a stack, and 'pulumi up' creates its database")
    members = [MemberRecord(name) for name in dict.fromkeys(names)]
    confirm(f"Create {counted(len(members), 'database')}", yes=yes)
    plan = RunPlan(Work.CREATE, fleet.settings.account_id, "by name", digest(members), len(members))
    work_on(fleet, plan, members, as_json=as_json)


@click.command()
@run_options
@YES
@JSON
def delete(*, yes: bool, as_json: bool, **values: Any) -> None:
    r"""Delete databases with all their rows. No bookmark restores them.

    \b
    Examples:
      d1 fleet delete --members gone-tenants.txt
    """
    fleet = read_fleet(**values)
    selection, selected = fleet.select()
    ends = f", {selected[0].database} to {selected[-1].database}" if selected else ""
    confirm(f"Delete {counted(len(selected), 'database')}{ends}; no bookmark restores them", yes=yes, word="delete")
    plan = RunPlan(Work.DELETE, fleet.settings.account_id, selection.option, digest(selected), len(selected))
    work_on(fleet, plan, selected, as_json=as_json)


@click.command()
@click.option("--run", required=True, help="Run to undo; 'd1 fleet history' lists them.")
@work_options
@YES
@JSON
def restore(run: str, *, yes: bool, as_json: bool, **values: Any) -> None:
    r"""Restore each database of a run to its bookmark from before the run.

    Every write since then is lost, also those of the tenants. The restore is a run as well: restoring that one undoes
    it.

    \b
    Examples:
      d1 fleet restore --run 20261123T021000-7c1f
    """
    fleet = read_fleet(**values)
    record = fleet.run(run)
    if record.active:
        raise ConfigError(f"run {run} has not ended: 'd1 fleet cancel {run}' ends it")
    if fleet.database and (running := fleet.runs.count(run).running):
        raise ConfigError(
            f"run {run} still has {counted(running, 'database')} in progress: wait until 'd1 fleet status {run}' shows "
            "none. If their worker has died, start another one with the same files, which returns them to the run"
        )
    changed = [item for item in fleet.runs.members(run) if item.bookmark]
    if not changed:
        raise ConfigError(f"run {run} has no bookmark: there is nothing to restore")
    if later := ", ".join(item.id for item in fleet.runs.all() if item.id > run != item.plan.selection):
        say(f"warning: where these later runs changed the same databases, they are undone too: {later}", err=True)
    question = f"Restore {counted(len(changed), 'database')} and lose every write since run {run}"
    confirm(question, yes=yes, word="restore")
    plan = RunPlan(Work.RESTORE, fleet.settings.account_id, run, digest(changed), len(changed))
    work_on(fleet, plan, changed, as_json=as_json)
