"""Progress of a run over many databases: a line for each, and a counter on a terminal."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from pulumi_d1.cli.support.output import layout
from pulumi_d1.fleet.budget import format_duration, seconds_left
from pulumi_d1.fleet.result import MemberState
from pulumi_d1.reports.fleet_text import progress_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.status import Status

    from pulumi_d1.cloudflare.pace import Pace
    from pulumi_d1.fleet.result import MemberResult


class FleetProgress:
    """Prints to standard error. On a terminal, databases that were up to date are only counted."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._status: Status | None = None
        self._number = 0

    def print(self, line: str) -> None:
        """Print a line, above the counter if there is one."""
        self._console.print(Text.from_ansi(layout(line, sys.stderr)))

    @contextmanager
    def of_run(self, databases: int, pace: Pace) -> Iterator[None]:
        """Count the databases that finish while the block runs."""
        self._databases, self._pace = databases, pace
        self._start, self._sent_before = time.monotonic(), pace.count
        if not sys.stderr.isatty():
            yield
            return
        with self._console.status("0 databases finished") as self._status:
            yield

    def finished(self, result: MemberResult) -> None:
        """Count a database and print its result."""
        if result.state is MemberState.NOT_STARTED:
            return
        self._number += 1
        seconds, sent = time.monotonic() - self._start, self._pace.count - self._sent_before
        remaining = seconds_left(seconds, sent, self._number, self._databases, self._pace.rate)
        if self._status:
            self._status.update(
                f"{self._number:,} of {self._databases:,} finished, {sent:,} requests, "
                f"{format_duration(remaining)} left"
            )
        if not self._status or result.state is not MemberState.UP_TO_DATE:
            self.print(progress_line(result, self._number, self._databases, remaining))
