"""A process that rehearses can be ended at any moment, and its errors have no values."""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any

import apsw
import pytest

from pulumi_d1.errors import RehearsalCancelled, SqlError
from pulumi_d1.migrations.rehearsal import process
from pulumi_d1.migrations.rehearsal.process import OverBudgetError, Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


@pytest.fixture
def workers() -> Iterator[Workers]:
    workers = Workers()
    yield workers
    workers.end()


def count(rows: Iterable[str], _watch: Callable[..., None]) -> int:
    return len(list(rows))


def sleep(_rows: Iterable[str], watch: Callable[..., None]) -> None:
    watch(1, 7)
    time.sleep(600)


def refuse(sql: str, _rows: Iterable[str], _watch: Callable[..., None]) -> None:
    apsw.Connection(":memory:").execute(sql)


def fail(_rows: Iterable[str], _watch: Callable[..., None]) -> None:
    raise KeyError("mrk")


def test_a_task_gets_the_rows(workers: Workers) -> None:
    assert workers.run(count, ["a", "b"], 30) == 2
    assert workers.run(count, (), 30) == 0


def test_a_task_that_takes_too_long_is_ended_with_its_last_place(workers: Workers) -> None:
    workers.run(count, (), 30)  # starts the process
    with pytest.raises(OverBudgetError) as error:
        workers.run(sleep, (), 0.5)
    assert error.value.at == (1, 7)
    assert workers.run(count, ["a"], 30) == 1


def test_a_cancelled_task_ends_and_no_other_begins(workers: Workers) -> None:
    results: list[Any] = []

    def run() -> None:
        try:
            workers.run(sleep, rows(), 600)
        except RehearsalCancelled as error:
            results.append(str(error))

    def rows() -> Iterator[str]:
        workers.cancel()
        yield "a"

    thread = Thread(target=run)
    thread.start()
    thread.join()
    assert results == ["cancelled while the files were rehearsed: nothing was applied"]
    with pytest.raises(RehearsalCancelled):
        workers.run(count, (), 30)


@pytest.mark.parametrize("value", ["mrk", "it''s mrk"])
def test_an_error_of_sqlite_has_no_value(workers: Workers, value: str) -> None:
    with pytest.raises(SqlError, match=r"^the local SQLite stopped: bad JSON path: …$"):
        workers.run(partial(refuse, f"SELECT json_extract('{{}}', '{value}')"), (), 30)


def test_a_process_whose_reader_has_ended_prints_nothing() -> None:
    command = [sys.executable, "-m", process.__name__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        assert started.stdout
        assert started.stderr
        started.stdout.close()
        assert started.stderr.read() == b""


def test_a_bug_is_raised_with_its_traceback_and_without_its_message(workers: Workers) -> None:
    with pytest.raises(RuntimeError) as error:
        workers.run(fail, (), 30)
    text = str(error.value)
    assert "in fail" in text
    assert text.endswith("KeyError")
