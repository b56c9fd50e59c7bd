"""How far a run over many databases has come: a line for each on a log, and a counter as well on a terminal."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

from pulumi_d1.fleet.budget import duration, left
from pulumi_d1.fleet.result import State
from pulumi_d1.reports.fleet_text import progress_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.status import Status

    from pulumi_d1.cloudflare.pace import Pace
    from pulumi_d1.fleet.result import Result


class Progress:
    """Tells on standard error. On a terminal, what only was up to date is counted, and gets no line."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._status: Status | None = None
        self._number = 0

    def say(self, line: str) -> None:
        """A line."""
        self._console.print(line, markup=False)

    @contextmanager
    def over(self, databases: int, pace: Pace) -> Iterator[None]:
        """A run over so many databases, for as long as the block lasts."""
        self._of, self._pace = databases, pace
        self._began, self._before = time.monotonic(), pace.count
        if not self._terminal:
            yield
            return
        with self._console.status("0 databases finished") as self._status:
            yield

    def finished(self, result: Result) -> None:
        """A database is finished."""
        if result.state is State.NOT_STARTED:
            return
        self._number += 1
        seconds, sent = time.monotonic() - self._began, self._pace.count - self._before
        to_go = left(seconds, sent, self._number, self._of, self._pace.rate)
        if self._status:
            self._status.update(
                f"{self._number:,} of {self._of:,} finished, {sent:,} requests, {duration(to_go)} to go"
            )
        if not self._status or result.state is not State.UP_TO_DATE:
            self.say(progress_line(result, self._number, self._of, to_go))
