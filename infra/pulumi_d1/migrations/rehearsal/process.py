"""Run a rehearsal in a process of its own, which can be ended at any moment.

SQLite's progress handler cannot interrupt one long operation, such as instr() or a sort, and Ctrl-C reaches Python only
between two statements. So the real limits are those of a process: this one runs `main` in another and ends it when the
time is over. The rows exist only in that process's memory.
"""

from __future__ import annotations

import atexit
import os
import pickle
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
from dataclasses import dataclass, field
from functools import partial
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Final, TypeVar

import apsw

from pulumi_d1.errors import RehearsalCancelled, SqlError
from pulumi_d1.sqlite.messages import hide_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pulumi_d1.migrations.rehearsal.rows.options import Basis

T = TypeVar("T")

MAX_MEMORY: Final = 200_000_000
"""Bytes that SQLite may use, beside three times the rows and files."""

_MOST: Final = 8  # processes at a time
_GRACE_SECONDS: Final = 1.0  # between the interrupt and the end of the process
_OPERATIONS: Final = 100_000  # of SQLite's virtual machine, between two checks of the clock: about a millisecond


class OverBudgetError(Exception):
    """The process was ended because its time was over.

    Attributes:
        at: What `watch` was called with last; empty if it was not called.
        basis: The rows that were read; None if none were.
    """

    def __init__(self, at: tuple[Any, ...], basis: Basis | None = None) -> None:
        super().__init__("the time is over")
        self.at = at
        self.basis = basis


class Workers:
    """Processes that run tasks, one at a time each. An idle one is used again. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free = threading.Semaphore(_MOST)
        self._idle: list[_Worker] = []
        self._busy: list[_Worker] = []
        self._is_cancelled = False

    def run(self, task: Callable[..., T], rows: Iterable[str], seconds: float, size: int = 0) -> T:
        """Run a task in another process and return its result.

        Args:
            task: A function that can be pickled. It gets the rows, and a function to call before each statement. Its
                result must be one that can be pickled too.
            rows: SQL statements for the task. They are read while it runs.
            seconds: Longest time.
            size: Bytes that the task itself brings.

        Raises:
            OverBudgetError: It took longer.
            RehearsalCancelled: `cancel` was called.
            SqlError: The task raised it, or the process died.
        """
        with self._free:
            with self._lock:
                self._raise_if_cancelled()
                worker = self._idle.pop() if self._idle else _Worker()
                self._busy.append(worker)
            try:
                result: T = worker.run((task, seconds, size), rows)
            except SqlError:
                self._keep(worker)
                self._raise_if_cancelled()
                raise
            except BaseException:
                with self._lock:
                    self._busy.remove(worker)
                worker.end()
                self._raise_if_cancelled()
                raise
            self._keep(worker)
            return result

    def cancel(self) -> None:
        """End the processes that run a task, and refuse further tasks."""
        with self._lock:
            self._is_cancelled = True
            for worker in self._busy:
                worker.kill()

    def end(self) -> None:
        """End the idle processes."""
        with self._lock:
            while self._idle:
                self._idle.pop().end()

    def _keep(self, worker: _Worker) -> None:
        with self._lock:
            self._busy.remove(worker)
            if worker.is_alive:
                self._idle.append(worker)
            else:
                worker.end()

    def _raise_if_cancelled(self) -> None:
        if self._is_cancelled:
            raise RehearsalCancelled("cancelled while the files were rehearsed: nothing was applied")


@dataclass(eq=False, slots=True)
class _Worker:
    """One process. Its standard input and output are pipes of pickled values."""

    _process: subprocess.Popen[bytes] = field(init=False)
    _is_ready: bool = False

    def __post_init__(self) -> None:
        """Start the process."""
        self._process = subprocess.Popen(  # noqa: S603 - this Python and this module
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )

    def run(self, task: tuple[Any, float, int], rows: Iterable[str]) -> Any:
        """Run one task: a function, its seconds and its size."""
        assert self._process.stdin  # noqa: S101 - a pipe
        assert self._process.stdout  # noqa: S101 - a pipe
        is_over = threading.Event()

        def time_is_over() -> None:
            is_over.set()
            self._process.kill()

        timer = threading.Timer(task[1] + _GRACE_SECONDS, time_is_over)
        timer.daemon = True
        at: tuple[Any, ...] = ()
        try:
            if not self._is_ready:  # the start of Python is no part of the budget
                self._is_ready = pickle.load(self._process.stdout)  # noqa: S301 - from our own process
            timer.start()
            _send(self._process.stdin, task)
            for row in rows:
                _send(self._process.stdin, row)
            _send(self._process.stdin, None)
            while True:
                kind, value = pickle.load(self._process.stdout)  # noqa: S301 - from our own process
                if kind == "at":
                    at = value
                elif kind == "error":
                    raise SqlError(value)
                elif kind == "bug":
                    raise RuntimeError(value)
                else:
                    return value
        except (EOFError, BrokenPipeError, pickle.UnpicklingError) as error:
            if is_over.is_set():
                raise OverBudgetError(at) from error
            code = self._process.wait()
            raise SqlError(
                f"the process that rehearses died (exit code {code}): does this machine have memory?"
            ) from error
        finally:
            timer.cancel()

    @property
    def is_alive(self) -> bool:
        """True if the process can run another task."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Kill the process, so that `run` ends."""
        self._process.kill()

    def end(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.communicate()  # also closes the pipes


def _send(file: IO[bytes], value: Any) -> None:
    pickle.dump(value, file, protocol=pickle.HIGHEST_PROTOCOL)
    if not isinstance(value, str):
        file.flush()


WORKERS: Final = Workers()
"""The processes of this program. They end with it."""

atexit.register(WORKERS.end)


def main() -> None:
    """Run tasks from standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # SQLite would keep Python from noticing Ctrl-C
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing else may write to the pipe
    threading.Thread(target=_end_with_parent, daemon=True).start()
    tasks = sys.stdin.buffer
    try:
        _send(out, True)  # noqa: FBT003 - ready
        while True:
            task, seconds, size = pickle.load(tasks)  # noqa: S301 - from our own process
            hook = partial(_interrupt_at, time.monotonic() + seconds)
            apsw.connection_hooks.append(hook)
            _run(task, _rows(tasks, size), out)
            apsw.connection_hooks.remove(hook)
    except (EOFError, BrokenPipeError, pickle.UnpicklingError):  # the other process has ended
        os._exit(1)


def _run(task: Any, rows: Iterator[str], out: BinaryIO) -> None:
    try:
        _send(out, ("result", task(rows, lambda *at: _send(out, ("at", at)))))
    except SqlError as error:
        _send(out, ("error", str(error)))
    except apsw.Error as error:
        message = hide_values(str(error), ())
        _send(out, ("error", f"the local SQLite stopped: {message}"))
    except Exception as error:  # noqa: BLE001 - it is raised in the other process, without a message: it may have values
        _send(out, ("bug", f"{''.join(traceback.format_tb(error.__traceback__))}{type(error).__name__}"))
    finally:
        for _ in rows:
            pass  # the task may have stopped early


def _rows(tasks: BinaryIO, size: int) -> Iterator[str]:
    """Yield the rows of a task, and allow SQLite the memory for them."""
    apsw.hard_heap_limit(MAX_MEMORY + 3 * size)
    while (row := pickle.load(tasks)) is not None:  # noqa: S301 - from our own process
        size += len(row)
        apsw.hard_heap_limit(MAX_MEMORY + 3 * size)
        yield row


def _interrupt_at(end: float, connection: apsw.Connection) -> None:
    connection.set_progress_handler(lambda: time.monotonic() > end, _OPERATIONS)


def _end_with_parent() -> None:
    """End this process when the other end of its standard input is gone."""
    poll = select.poll()
    poll.register(sys.stdin.fileno(), 0)
    poll.poll()
    os._exit(1)


if __name__ == "__main__":
    main()
