"""Follow a run to its end, and print its result."""

from __future__ import annotations

import _thread
import json
import logging
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, NoReturn

import click

from pulumi_d1.cli.support.exit_codes import ExitCode
from pulumi_d1.cli.support.output import ask, print_data, say, say_in_place
from pulumi_d1.fleet.result import FAILED
from pulumi_d1.reports.fleet_text import counts_line, result_text
from pulumi_d1.system.signals import handling

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence

    from pulumi_d1.cli.fleet.options import Fleet
    from pulumi_d1.fleet.engine import Worker
    from pulumi_d1.fleet.result import MemberRecord, RunPlan, RunRecord
    from pulumi_d1.fleet.runs import Runs

_LINE_SECONDS = 30.0
_MOST_FAILURES = 100  # that are printed


def work_on(
    fleet: Fleet, plan: RunPlan, members: Sequence[MemberRecord], *, as_json: bool, check: str | None = None
) -> NoReturn:
    """Start a run, or join the same one if it has not ended; work on it, and end the command with its result."""
    version = fleet.worker.version  # read before this process holds the runs, because the rate depends on who does
    with fleet.runs.held():
        if unfinished := fleet.runs.unfinished(plan, version):
            say(f"continuing run {unfinished.id}", err=True)
            fleet.runs.adopt(unfinished.id, version)
        run = unfinished.id if unfinished else fleet.runs.start(plan, members, version)
        finish(fleet, run, as_json=as_json, check=check)


def finish(fleet: Fleet, run: str, *, as_json: bool, check: str | None = None) -> NoReturn:
    """Work on a run, and end the command with its result."""
    from pulumi_d1.fleet.engine import serving  # the extra may be missing

    with stopping(fleet.worker), serving(fleet.worker, run):
        may_approve, stop = check or sys.stdin.isatty(), fleet.worker.stopping
        follow(fleet.runs, run, stop, partial(_approved, check, stop) if may_approve else None)
    print_result(fleet.runs, run, as_json=as_json)


def follow(runs: Runs, run: str, stop: threading.Event, approve: Callable[[str], bool] | None = None) -> None:
    """Print the progress of a run until it ends or `stop` is set. Give or refuse the approval that it awaits."""
    on_terminal = sys.stderr.isatty()
    printed, awaited = 0.0, False
    while (record := runs.get(run)).active and not stop.wait(record.plan.pause):
        if record.awaits_approval and approve:
            if approve(run):
                runs.approve(run)
            elif not stop.is_set():  # which ends the check as well
                runs.stop(run, "not approved after the canaries")
        elif on_terminal or record.awaits_approval > awaited or time.monotonic() - printed > _LINE_SECONDS:
            (say_in_place if on_terminal else partial(say, err=True))(progress(runs, record))
            printed = time.monotonic()
        awaited = record.awaits_approval
    if on_terminal and printed:
        say(err=True)  # ends the line


def progress(runs: Runs, record: RunRecord) -> str:
    """Return the progress of a run in one line."""
    line = counts_line(runs.count(record.id), record, runs.finished_since(record.id, 60))
    if record.awaits_approval:
        line += f"; waits for an approval: d1 fleet approve {record.id}"
    return line if runs.are_held() else f"{line}; nobody works on it: d1 fleet retry {record.id}"


def _approved(check: str | None, stop: threading.Event, run: str) -> bool:
    if check is None:
        return ask(f"The canaries of run {run} succeeded. Continue with the others?", ("yes", "no")) == "yes"
    say(f"running the check: {check}", err=True)
    process = subprocess.Popen(check, shell=True, stdout=2)  # noqa: S602 - the user's own; stdout is for JSON
    while process.poll() is None and not stop.wait(0.1):
        pass
    process.terminate()  # does nothing if it has ended
    return process.wait() == 0


def print_result(runs: Runs, run: str, *, as_json: bool) -> NoReturn:
    """Print the result of a run, and end the command with its exit code."""
    record, counts = runs.get(run), runs.count(run)
    failed = list(islice(runs.members(run, FAILED), _MOST_FAILURES)) if counts.failed else []
    if as_json:
        data = {"run": run, "state": record.state, "count": asdict(counts), "failed": [asdict(item) for item in failed]}
        print_data(json.dumps(data, indent=2))
    else:
        say(result_text(record, counts, failed))
    incomplete = counts.failed or counts.unfinished or record.active or record.reason
    raise click.exceptions.Exit(ExitCode.FAILED if incomplete else ExitCode.OK)


@contextmanager
def stopping(worker: Worker) -> Iterator[None]:
    """Let databases in progress finish after the first signal; the second one ends the process."""

    def stop(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        _thread.start_new_thread(finish_those, ())  # a handler may have interrupted what holds the event's lock

    def finish_those() -> None:
        worker.stopping.set()
        say("stopping: databases in progress finish first. Repeat to stop at once; the run can be continued", err=True)

    logging.getLogger("pulumi_d1.migrations").setLevel(logging.WARNING)  # there may be a million databases
    with handling({signal.SIGINT: stop, signal.SIGTERM: stop}):
        yield
