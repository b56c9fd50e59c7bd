"""`d1 fleet status`, `history`, `approve` and `cancel`: commands that send no request to Cloudflare."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict

import click

from pulumi_d1.cli.fleet.follow import follow, print_result, progress
from pulumi_d1.cli.fleet.options import JSON, open_runs, store_option
from pulumi_d1.cli.support.exit_codes import ExitCode
from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.errors import ConfigError
from pulumi_d1.reports.fleet_text import history_line

_RUN = click.argument("run", default="")


@click.command()
@_RUN
@store_option
@click.option("--watch", is_flag=True, help="Print again and again until the run ends.")
@JSON
@click.pass_context
def status(context: click.Context, /, run: str, *, database: str, watch: bool, as_json: bool) -> None:
    r"""Show the progress of a run, by default of the newest.

    Exit code: 0 all databases are up to date, 1 the run has not ended, or something failed.

    \b
    Examples:
      d1 fleet status --watch
      d1 fleet status 20261123T021000-7c1f --json
    """
    runs = open_runs(database)
    record = runs.get(run)
    if watch:
        follow(runs, record.id, threading.Event())
    elif record.active and not as_json:
        say(progress(runs, record))
        context.exit(ExitCode.FAILED)
    print_result(runs, record.id, as_json=as_json)


@click.command()
@_RUN
@store_option
@JSON
def history(run: str, *, database: str, as_json: bool) -> None:
    r"""List the runs, or the databases of one run with their bookmarks.

    \b
    Examples:
      d1 fleet history
      d1 fleet history 20261123T021000-7c1f --json | jq 'select(.state == "failed")'
    """
    runs = open_runs(database)
    if run:
        for member in runs.members(runs.get(run).id):
            state = member.state.replace("_", " ")
            line = f"{member.database}: {state} {member.bookmark} {', '.join(member.applied)} {member.message}"
            print_data(json.dumps(asdict(member)) if as_json else line.rstrip())
    for record in () if run else runs.all():
        counts = runs.count(record.id)
        data = {"run": record.id, "state": record.state, "plan": asdict(record.plan), "count": asdict(counts)}
        print_data(json.dumps(data) if as_json else history_line(record, counts))


@click.command()
@_RUN
@store_option
def approve(run: str, *, database: str) -> None:
    r"""Let a run continue after its canaries. 'd1 fleet cancel' stops it instead.

    \b
    Examples:
      d1 fleet approve
      d1 fleet approve 20261123T021000-7c1f
    """
    runs = open_runs(database)
    record = runs.get(run or runs.only_active())
    if not record.active or not record.awaits_approval:
        raise ConfigError(f"run {record.id} does not wait for an approval: it is {record.state}")
    runs.approve(record.id)
    continues = "continues" if runs.are_held() else f"continues with 'd1 fleet retry {record.id}'"
    say(f"run {record.id} {continues}", err=True)


@click.command()
@_RUN
@store_option
def cancel(run: str, *, database: str) -> None:
    r"""Start no other database of a run. Those in progress finish.

    'd1 fleet retry' continues it.

    \b
    Examples:
      d1 fleet cancel
    """
    runs = open_runs(database)
    record = runs.get(run or runs.only_active())
    if not record.active:
        raise ConfigError(f"run {record.id} is not running: it is {record.state}")
    runs.cancel(record.id)
    say(f"cancelled run {record.id}", err=True)
