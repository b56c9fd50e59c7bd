"""The number of a run's requests, and the time that they take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_d1.cli.fleet.options import RATE
from pulumi_d1.cloudflare.pace import LIMIT
from pulumi_d1.errors import ConfigError
from pulumi_d1.fleet.budget import DEFAULT_RATE, make_budget, parse_rate
from pulumi_d1.fleet.reviews import FleetSettings
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.run.options import OnFailure, RunOptions
from pulumi_d1.reports.fleet_text import format_duration

FILES = [Migration(f"{number:04}_t.sql", f"CREATE TABLE t{number} (id);") for number in range(120)]
TRIGGER = Migration("0120_trigger.sql", "CREATE TRIGGER g AFTER INSERT ON t1 BEGIN SELECT 1; END;")


def requests(files: list[Migration], on_failure: OnFailure = OnFailure.STOP) -> list[tuple[int, int]]:
    """Return the requests for one database and for all, in each of the cases."""
    settings = FleetSettings("migrations", files, "d1_migrations", RunOptions(on_failure=on_failure))
    return [(each, total) for each, total, _ in make_budget(settings, DEFAULT_RATE, 1000, 1000).values()]


def test_small_files_share_requests() -> None:
    # Read, bookmark, 1 or 3 writes, verification; a missing ledger takes two requests to find out.
    assert requests(FILES) == [(1, 1001), (4, 4001), (7, 7001)]


def test_an_import_and_a_run_with_restore_take_more() -> None:
    assert requests([*FILES, TRIGGER])[1] == (7, 7001)
    assert requests(FILES, OnFailure.RESTORE)[1:] == [(6, 6001), (13, 13001)]


def test_an_empty_folder_takes_no_writes() -> None:
    assert requests([])[0] == (1, 1001)


@given(st.integers(1, 64), st.integers(0, 100_000))
def test_shards_of_one_token_are_no_faster_together(parts: int, total: int) -> None:
    share = LIMIT.shared_by(parts)
    assert share.requests * parts <= LIMIT.requests
    assert share.seconds_for(-(-total // parts)) >= LIMIT.seconds_for(total) - LIMIT.seconds


def test_the_default_rate_leaves_some_of_cloudflare_s_limit_to_others() -> None:
    assert parse_rate(RATE) == DEFAULT_RATE
    assert DEFAULT_RATE.requests < LIMIT.requests
    assert DEFAULT_RATE.seconds == LIMIT.seconds


@pytest.mark.parametrize("text", ["", "1100", "0/300", "1100/0", "a/b", "-1/5", f"1/{'9' * 400}"])
def test_an_invalid_rate_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="such as 1100/300"):
        parse_rate(text)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "under 1 s"), (45, "45 s"), (300, "5 min"), (7200, "2 h 00 min"), (54_600, "15 h 10 min")],
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert format_duration(seconds) == words
