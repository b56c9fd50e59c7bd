"""Processes that run SQL, so that SQL can be ended: SQLite cannot be interrupted inside one long operation.

docs/adr/0020 has the reasons.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

_MAX_IDLE: Final = 4
_GRACE_SECONDS: Final = 0.5  # how much longer than its time a call may take: SQLite usually ends by itself
_PROGRAM: Final = "from d1_emulator.databases.sql_session import main; main()"


class ProcessEndedError(Exception):
    """The process ended before it answered.

    Attributes:
        is_late: True if it was killed because the time of the call was over.
    """

    def __init__(self, *, is_late: bool) -> None:
        super().__init__("the process that runs SQL has ended")
        self.is_late = is_late


class SqlProcess:
    """One process. Only `kill` is safe for threads.

    Attributes:
        has_ended: True once `end` was called, or a call found that the process has ended.
    """

    def __init__(self) -> None:
        # -P keeps the files in the user's folder out of the imports. Ctrl-C does not reach a session of its own.
        variables = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        self._process = subprocess.Popen(  # noqa: S603 - this package's own program
            [sys.executable, "-P", "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=variables,
            start_new_session=True,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("both are pipes")
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._lock = threading.Lock()
        self._current: object = None  # the call in progress
        self._is_late = False
        self.has_ended = False

    def call(self, function: Callable[..., T], *arguments: object, seconds: float | None = None) -> T:
        """Return what a function of `sql_session` returns in the process. Raise what it raises.

        Args:
            seconds: The time after which the process is killed; None for any time.

        Raises:
            ProcessEndedError: The process ended first.
        """
        with self._killed_after(seconds):
            if self.has_ended:
                raise ProcessEndedError(is_late=self._is_late)
            try:
                pickle.dump((function, arguments), self._stdin)
                self._stdin.flush()
                succeeded, value = pickle.load(self._stdout)  # noqa: S301 - from our own process
            except (EOFError, OSError, pickle.UnpicklingError) as error:
                self.end()
                raise ProcessEndedError(is_late=self._is_late) from error
        if not succeeded:
            raise value
        result: T = value
        return result

    def kill(self) -> None:
        """End the process at once. A transaction in progress has no effect."""
        self._process.kill()

    def end(self) -> None:
        """End the process at once, and wait for its end."""
        if not self.has_ended:
            self.has_ended = True
            self._process.kill()
            self._process.wait()
            with suppress(BrokenPipeError):
                self._stdin.close()
            self._stdout.close()

    @contextmanager
    def _killed_after(self, seconds: float | None) -> Iterator[None]:
        if seconds is None:
            yield
            return
        this_call = self._current = object()

        def kill() -> None:
            with self._lock:
                if self._current is this_call:
                    self._is_late = True
                    self.kill()

        timer = threading.Timer(seconds + _GRACE_SECONDS, kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            with self._lock:
                self._current = None
            timer.cancel()


class SqlProcesses:
    """The processes of one emulator. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_closed = False
        # The first one starts while the emulator does, so that the first request does not wait for it.
        self._idle = [SqlProcess()]
        self._all = set(self._idle)

    def take(self) -> SqlProcess:
        """Return a process for the caller alone. Give it back with `put`, unless it has ended.

        Raises:
            ProcessEndedError: `close` was called.
        """
        with self._lock:
            if self._is_closed:
                raise ProcessEndedError(is_late=False)
            if self._idle:
                return self._idle.pop()
            process = SqlProcess()
            self._all = {process, *(other for other in self._all if not other.has_ended)}
            return process

    def put(self, process: SqlProcess) -> None:
        """Return a process, without an open database, for others to take."""
        with self._lock:
            if len(self._idle) < _MAX_IDLE and not self._is_closed:
                self._idle.append(process)
                return
        process.end()

    def close(self) -> None:
        """End all processes, and what they do."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
            for process in self._all:
                process.kill()
        for process in idle:
            process.end()
