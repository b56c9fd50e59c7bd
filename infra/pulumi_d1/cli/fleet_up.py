"""`d1 fleet up`: migrates the databases."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from pulumi_d1.cli.support.fleet_options import of_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pulumi_d1.cli.support.fleet_options import Fleet, Options
    from pulumi_d1.cloudflare.account import Description
    from pulumi_d1.fleet.schedule import Gate


@click.command()
@of_run
@click.option("--canary", default="1", show_default=True, help="So many go first and alone, or the one of this name.")
@click.option(
    "--max-failures", type=click.IntRange(1), default=1, show_default=True, help="After so many, no other one begins."
)
@click.option("--fresh", is_flag=True, help="Look at every database, also where an interrupted run has verified it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def up(  # noqa: PLR0913 - its options
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
    **given: Any,
) -> None:
    r"""Apply the pending files to every database that matches.

    What it costs in requests is shown first. Then a canary goes ahead: a database that has something pending, and no
    other is written to until it is done and verified. Where one fails, those that are at work finish, and no other
    begins. Run it again to go on: the ledgers tell what is pending.

    Ctrl-C, too, lets those that are at work finish; a second one leaves at once.

    \b
    Exit code: 0 all are up to date, 1 something failed or was not started.

    \b
    Examples:
      d1 fleet up --match 'shop-tenant-*'
      d1 fleet up --match 'shop-tenant-*' --canary shop-tenant-staging --max-failures 5
      d1 fleet up --match 'shop-tenant-*' --shard 3/16 --yes
    """
    from pulumi_d1.cli.support.confirm import confirm
    from pulumi_d1.cli.support.fleet_options import find, read_options
    from pulumi_d1.cli.support.fleet_progress import Progress
    from pulumi_d1.fleet import journal
    from pulumi_d1.fleet.budget import make_budget
    from pulumi_d1.fleet.member import Migrator
    from pulumi_d1.fleet.result import State
    from pulumi_d1.fleet.reviews import Reviews
    from pulumi_d1.fleet.schedule import Gate, run
    from pulumi_d1.reports.fleet_text import budget_text, outcome_json, outcome_text
    from pulumi_d1.reports.review_text import counted

    options, progress = read_options(**given), Progress()
    terms, key = options.terms, options.journal_key("up", match)
    fleet = find(options, match)
    past = journal.Past() if fresh else journal.find(options.journals, key, time.time())
    results = [past.settled[member.id] for member in fleet.members if member.id in past.settled]
    waiting = [member for member in fleet.members if member.id not in past.settled]
    size, batches = _order(canary, waiting, fleet, options)

    progress.say(f"{counted(len(fleet.members), 'database')} in shard {options.shard} by '{match}'")
    if results:
        progress.say(f"going on with {past.path}: {len(results):,} of them are done; --fresh looks at them again")
    if fleet.remembered:
        progress.say(
            f"{counted(fleet.remembered, 'request')} of the last {options.rate.seconds} s count against the rate"
        )
    progress.say(budget_text(make_budget(options.files, terms, len(waiting), listing=fleet.listing, rate=options.rate)))
    confirm(f"Migrate {counted(len(waiting), 'database')}", yes=yes or not waiting)

    gate = Gate(size, max_failures)
    with (
        journal.opened(options.journals, key, past, lambda: fleet.pace.count) as notes,
        _stopping(gate, progress.say),
        progress.over(len(waiting), fleet.pace),
    ):
        migrator = Migrator(fleet.account, Reviews(options.files, terms.table), terms, notes, past)
        for batch in batches:
            for result in run(batch, migrator.migrate, gate, concurrency):
                progress.finished(result)
                results.append(result)
        complete = all(result.state in {State.DONE, State.UP_TO_DATE} for result in results)
        notes.end(complete=complete)
    path = str(notes.path.relative_to(options.root))
    click.echo(outcome_json(results, path, fleet.pace.count) if as_json else outcome_text(results, path))
    context.exit(0 if complete else 1)


def _order(
    canary: str, waiting: Sequence[Description], fleet: Fleet, options: Options
) -> tuple[int, list[Sequence[Description]]]:
    """How many databases are canaries, and what runs after what.

    Raises:
        ConfigError: there is no such database.
    """
    from pulumi_d1.errors import ConfigError

    if canary.isdecimal():
        return int(canary), [waiting]
    if options.shard.of == 1 and canary not in {member.name for member in fleet.members}:
        raise ConfigError(f"--canary {canary}: is no number, and no database that matches has this name")
    first = [member for member in waiting if member.name == canary]
    return 1, [first, [member for member in waiting if member.name != canary]]


@contextmanager
def _stopping(gate: Gate, say: Callable[[str], None]) -> Iterator[None]:
    """Until the block ends, a signal to stop is heeded at the next database; the second one is not waited for."""

    def stop(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        gate.stop()
        say("stopping: what is at work finishes first. Again to leave at once: nothing is lost, the next run goes on")

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
