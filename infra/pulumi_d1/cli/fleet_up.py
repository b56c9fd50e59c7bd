"""`d1 fleet up`: migrate the databases."""

from __future__ import annotations

import logging
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from pulumi_d1.cli.support.confirm import confirm
from pulumi_d1.cli.support.exit_codes import ExitCode
from pulumi_d1.cli.support.fleet_options import find_fleet, read_options, run_flags
from pulumi_d1.cli.support.fleet_progress import FleetProgress
from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.errors import ConfigError
from pulumi_d1.fleet import journal
from pulumi_d1.fleet.budget import make_budget
from pulumi_d1.fleet.member import Migrator
from pulumi_d1.fleet.result import MemberState
from pulumi_d1.fleet.reviews import ReviewCache
from pulumi_d1.fleet.schedule import Gate, run_members
from pulumi_d1.reports.fleet_text import budget_text, outcome_json, outcome_text
from pulumi_d1.reports.review_text import counted
from pulumi_d1.system.log import show_messages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulumi_d1.cli.support.fleet_options import Fleet, FleetOptions
    from pulumi_d1.cloudflare.account import DatabaseInfo


@click.command()
@run_flags
@click.option("--canary", default="1", show_default=True, help="Number or name to migrate first.")
@click.option(
    "--max-failures",
    metavar="N",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Start no more after so many failures.",
)
@click.option("--fresh", is_flag=True, help="Read again what an interrupted run has verified.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def up(  # noqa: PLR0913 - click's signature: an argument for each option
    context: click.Context,
    /,
    *,
    match: str,
    concurrency: int,
    canary: str,
    max_failures: int,
    fresh: bool,
    yes: bool,
    as_json: bool,
    **values: Any,
) -> None:
    r"""Apply pending files to every database that matches.

    Shows the number of requests first. Then migrates a canary, a database with pending files, and writes to no other
    until the canary is verified. After a failure, running databases finish, and no other starts. The ledgers record
    what is pending, so the next run continues.

    Ctrl-C also lets running databases finish; a second Ctrl-C stops at once.

    Exit code: 0 all are up to date, 1 something failed or was not started.

    \b
    Examples:
      d1 fleet up --match 'shop-tenant-*'
      d1 fleet up --match 'tenant-*' --canary tenant-staging --max-failures 5
      d1 fleet up --match 'shop-tenant-*' --shard 3/16 --yes
    """
    options, progress = read_options(**values), FleetProgress()
    show_messages(progress.print)
    logging.getLogger("pulumi_d1.migrations").setLevel(logging.WARNING)  # each database has a line of its own
    settings, key = options.run_settings, options.journal_key("up", match)
    fleet = find_fleet(options, match)
    unfinished = journal.UnfinishedRun() if fresh else journal.find_unfinished(options.journals, key, time.time())
    results = [unfinished.finished[member.id] for member in fleet.members if member.id in unfinished.finished]
    waiting = [member for member in fleet.members if member.id not in unfinished.finished]
    canaries, batches = _order(canary, waiting, fleet, options)

    progress.print(f"{counted(len(fleet.members), 'database')} in shard {options.shard} by '{match}'")
    if results:
        progress.print(f"continuing {unfinished.path}: {len(results):,} are done; --fresh reads them again")
    if fleet.remembered:
        progress.print(
            f"{counted(fleet.remembered, 'request')} of the last {options.rate.seconds} s count against the rate"
        )
    costs = make_budget(options.files, settings, len(waiting), listing=fleet.listing, rate=options.rate)
    progress.print(budget_text(costs))
    confirm(f"Migrate {counted(len(waiting), 'database')}", yes=yes or not waiting)

    gate = Gate(canaries, max_failures)
    with (
        journal.open_journal(options.journals, key, unfinished, lambda: fleet.pace.count) as notes,
        _stopping(gate, progress),
        progress.of_run(len(waiting), fleet.pace),
    ):
        migrator = Migrator(
            fleet.account,
            ReviewCache(options.files, settings.table, settings.options),
            settings,
            notes,
            unfinished,
        )
        for batch in batches:
            for result in run_members(batch, migrator.migrate, gate, concurrency):
                progress.finished(result)
                results.append(result)
        complete = all(result.state in {MemberState.DONE, MemberState.UP_TO_DATE} for result in results)
        notes.end(complete=complete)
    path = str(notes.path.relative_to(options.root))
    if as_json:
        print_data(outcome_json(results, path, fleet.pace.count))
    else:
        say(outcome_text(results, path))
    context.exit(ExitCode.OK if complete else ExitCode.FAILED)


def _order(
    canary: str, waiting: Sequence[DatabaseInfo], fleet: Fleet, options: FleetOptions
) -> tuple[int, list[Sequence[DatabaseInfo]]]:
    """Return the number of canaries, and the batches of databases that run one after the other.

    Raises:
        ConfigError: The canary does not exist.
    """
    if canary.isdecimal():
        return int(canary), [waiting]
    if options.shard.of == 1 and canary not in {member.name for member in fleet.members}:
        raise ConfigError(f"--canary {canary}: is neither a number nor the name of a database that matches")
    first = [member for member in waiting if member.name == canary]
    return 1, [first, [member for member in waiting if member.name != canary]]


@contextmanager
def _stopping(gate: Gate, progress: FleetProgress) -> Iterator[None]:
    """Let running databases finish after the first signal; the second one ends the process."""

    def stop(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        gate.stop()
        progress.print("stopping: running databases finish first. Repeat to stop at once; the next run continues")

    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
