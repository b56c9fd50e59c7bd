"""`d1 fleet up`, `d1 fleet retry` and `d1 fleet worker`: the commands that migrate databases."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import click

from pulumi_d1.cli.fleet.follow import finish, print_result, stopping, work_on
from pulumi_d1.cli.fleet.options import CHECK, CONCURRENCY, JSON, YES, read_fleet, run_options, worker_options
from pulumi_d1.cli.support.confirm import confirm
from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.errors import ConfigError
from pulumi_d1.fleet.budget import make_budget
from pulumi_d1.fleet.result import RunPlan, Work, digest
from pulumi_d1.reports.fleet_text import budget_text
from pulumi_d1.reports.review_text import counted


@click.command()
@run_options
@CONCURRENCY
@click.option("--canary", metavar="N", default="1", show_default=True, help="Migrate N databases first, or N%.")
@CHECK
@click.option("--ask", is_flag=True, help="After the canaries, wait for 'd1 fleet approve' or an answer here.")
@click.option("--max-failures", metavar="N", default="100%", show_default=True, help="Stop after N failures, or N%.")
@click.option("--detach", is_flag=True, help="Leave the work to 'd1 fleet worker'.")
@YES
@JSON
def up(  # noqa: PLR0913 - click's signature: an argument for each option
    *,
    concurrency: int,
    canary: str,
    check: str | None,
    ask: bool,
    max_failures: str,
    detach: bool,
    yes: bool,
    as_json: bool,
    **values: Any,
) -> None:
    r"""Apply pending files to the selected databases.

    Shows the number of requests first. Then migrates canaries, databases with pending files, and writes to no other
    until they are verified. If a canary fails, or as many databases as --max-failures allows, no other starts: 'd1
    fleet retry' continues. If this process dies, the same command continues its run.

    Ctrl-C also lets databases in progress finish; a second Ctrl-C stops at once.

    Exit code: 0 all are up to date, 1 something failed or was not started.

    \b
    Examples:
      d1 fleet up --match 'shop-tenant-*'
      d1 fleet up --match 'tenant-*' --canary 1% --check 'npm run smoke' --max-failures 5
      d1 fleet up --sql control 'SELECT db_name FROM tenants' --yes
    """
    if detach and not values["database"]:
        raise click.UsageError("--detach needs --database: SQLite has one worker, and this is it")
    if check is not None and detach:
        raise click.UsageError("--check needs this process to run it: it cannot be with --detach")
    fleet = read_fleet(**values)
    selection, selected = fleet.select()
    total = len(selected)
    canaries, failures = _number("--canary", canary, total), _number("--max-failures", max_failures, total)
    account, text = fleet.settings.account_id, f"{selection.option}{fleet.shard}"
    asks, failures = ask or check is not None, max(failures, 1)
    plan = RunPlan(Work.UP, account, text, digest(selected), total, canaries, asks, failures, concurrency)
    say(f"{counted(total, 'database')} by {text}", err=True)
    say(budget_text(str(fleet.rate), make_budget(fleet.own, fleet.rate, total, total)), err=True)
    confirm(f"Migrate {counted(total, 'database')}", yes=yes or not total)
    if not detach:
        work_on(fleet, plan, selected, as_json=as_json, check=check)
    unfinished = fleet.runs.unfinished(plan, fleet.worker.version)
    run = unfinished.id if unfinished else fleet.runs.start(plan, selected, fleet.worker.version)
    print_data(json.dumps({"run": run}) if as_json else run)


@click.command()
@click.argument("run", default="")
@worker_options
@CHECK
@YES
@JSON
def retry(run: str, *, check: str | None, yes: bool, as_json: bool, **values: Any) -> None:
    r"""Continue a run: repeat what failed in it, and start the rest.

    RUN is the newest run by default. A database keeps its first bookmark of the run. If the files have changed, use 'd1
    fleet up': that is another run.

    \b
    Examples:
      d1 fleet retry
      d1 fleet retry 20261123T021000-7c1f --yes
    """
    fleet = read_fleet(**values)
    record = fleet.run(run)
    plan, version = record.plan, fleet.worker.version
    if record.version != version and plan.needs_files:
        raise ConfigError(f"the files or settings have changed since run {record.id}: repeat its command instead")
    if record.restored:
        raise ConfigError(f"the databases of run {record.id} were restored: repeat its command instead")
    if check is not None and not plan.asks:
        raise ConfigError(f"run {record.id} asks for no approval, so --check would not run")
    counts = fleet.runs.count(record.id)
    if not counts.failed + counts.unfinished and not record.active and not record.reason:
        say(f"run {record.id} has nothing to repeat", err=True)
        print_result(fleet.runs, record.id, as_json=as_json)
    rest = f"repeat {counted(counts.failed, 'failure')} and finish {counts.unfinished:,} more"
    word = "" if plan.needs_files else str(plan.work)
    confirm(f"Continue run {record.id} ({plan.work} {plan.selection}): {rest}", yes=yes, word=word)
    with fleet.runs.held():
        fleet.runs.unfinished(plan, version)
        fleet.runs.retry(record.id, active=fleet.runs.get(record.id).active)
        fleet.runs.adopt(record.id, version)
        finish(fleet, record.id, as_json=as_json, check=check)


@click.command()
@worker_options
def worker(**values: Any) -> None:
    r"""Work on all runs in PostgreSQL until Ctrl-C.

    Start as many as you like, on any machines that have the same files and settings; others do not take part. They
    share one rate of requests. If one dies, the others take over its databases after ten seconds.

    \b
    Examples:
      d1 fleet worker --database postgresql://fleet@db.internal/fleet
      D1_FLEET_DATABASE=postgresql://fleet@db.internal/fleet d1 fleet worker --stack prod
    """
    if not values["database"]:
        raise click.UsageError("a worker needs --database: with SQLite, 'd1 fleet up' is the only worker")
    fleet = read_fleet(**values)
    from pulumi_d1.fleet.engine import serving

    with stopping(fleet.worker), serving(fleet.worker):
        say(f"working on runs of version {fleet.worker.version}", err=True)
        while not fleet.worker.stopping.wait(1.0):  # a signal that another thread receives does not end a wait
            pass


def _number(option: str, text: str, total: int) -> int:
    """Return a number, or a share of the total, rounded up."""
    if not (match := re.fullmatch("([0-9]{1,9})(%?)", text)):
        raise click.UsageError(f"{option} {text}: use a number, or a share such as 5%")
    return math.ceil(int(match[1]) * total / 100) if match[2] else int(match[1])
