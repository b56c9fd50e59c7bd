"""No period has more requests than the rate allows, over all threads and processes, and a refusal delays all."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.cloudflare.account import connect_account
from pulumi_d1.cloudflare.pace import Rate
from pulumi_d1.errors import ConfigError
from pulumi_d1.fleet.runs import open_runs
from pulumi_d1.fleet.slots import MOST_SLOTS, SharedPace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pulumi_d1.system.shared_database import SharedDatabase


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SharedDatabase]:
    opened = open_runs("", tmp_path).database
    yield opened
    opened.engine.dispose()


def test_no_period_has_more_requests_than_the_rate_allows(database: SharedDatabase, tmp_path: Path) -> None:
    other = open_runs("", tmp_path).database  # as another process has it
    paces = [SharedPace(database, "account"), SharedPace(other, "account")]
    paces[0].set_rate(Rate(20, 1))
    sent, lock = list[float](), threading.Lock()

    def request(number: int) -> None:
        paces[number % 2].wait_for_turn()
        with lock:
            sent.append(time.monotonic())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(request, range(60)))
    other.engine.dispose()
    # The time is read after the request would have been sent: on a busy machine much later, once in each thread.
    assert all(later - earlier > 0.9 for earlier, later in zip(sent, sent[20 + 8 :], strict=False))
    assert len(sent) == 60


def test_a_refusal_delays_all_and_an_absurd_one_nobody(database: SharedDatabase) -> None:
    pace = SharedPace(database, "account")
    for each in (pace, SharedPace(database, "another account")):
        each.set_rate(Rate(1000, 1))
    pace.wait_for_turn()
    for absurd in (None, 86_400.0):
        pace.block(absurd)
    taken = f"SELECT count(*) FROM d1_fleet_slots WHERE free_at > {database.now}"
    assert database.execute(taken)[0][0] < 1000
    start = time.monotonic()
    pace.block(2.0)
    assert database.execute(f"{taken} AND account = 'account'") == [(1000,)]
    assert database.execute(f"{taken} AND account = 'another account'") == [(0,)]
    pace.wait_for_turn()
    assert time.monotonic() - start >= 2


def test_waits_are_logged_once_by_the_pace_if_there_is_one(database: SharedDatabase) -> None:
    assert connect_account("account", token="a-token").retry.logs_waits
    assert not connect_account("account", token="a-token", pace=SharedPace(database, "account")).retry.logs_waits


def test_a_shorter_period_ends_the_waits_of_a_longer_one(database: SharedDatabase) -> None:
    pace = SharedPace(database, "account")
    for seconds in (86_400, 300):
        pace.set_rate(Rate(8, seconds))
        pace.wait_for_turn()
    [(wait,)] = database.execute(f"SELECT max(free_at) - {database.now} FROM d1_fleet_slots")
    assert 300 < wait <= 660


@pytest.mark.parametrize("rate", [Rate(1, 300), Rate(1100, 300), Rate(10**6, 1)])
def test_a_new_rate_keeps_count_of_the_last_period(database: SharedDatabase, rate: Rate) -> None:
    pace = SharedPace(database, "account")
    pace.set_rate(Rate(100, 300))
    for _ in range(8):
        pace.wait_for_turn()
    pace.set_rate(rate, keep=True)
    columns = f"sum(CASE WHEN free_at > {database.now} THEN 1 ELSE 0 END), count(*), max(seconds)"
    assert database.execute(f"SELECT {columns} FROM d1_fleet_slots") == [(8, 100, 300)]
    pace.set_rate(rate)
    [(used, slots, seconds)] = database.execute(f"SELECT {columns} FROM d1_fleet_slots")
    assert slots == min(rate.requests, MOST_SLOTS)
    assert used == min(8, slots)
    assert slots / seconds == pytest.approx(rate.requests / rate.seconds)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://host/name", "mysql is not supported"),
        ("no url", "this is not a URL"),
        ("postgresql://user:s3cret@127.0.0.1:1/name", "127.0.0.1:1/name cannot be opened"),
        ("postgresql://user@127.0.0.1:1/name?password=s3cret", "127.0.0.1:1/name cannot be opened"),
    ],
)
def test_a_database_that_cannot_be_opened_is_named_without_its_password(tmp_path: Path, url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        open_runs(url, tmp_path)
    assert "s3cret" not in str(error.value)
