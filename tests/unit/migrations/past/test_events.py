"""History and ledger as one past, and which part of it a bookmark does not have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pulumi_d1.migrations.bookmark import Bookmark
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.live import Live
from pulumi_d1.migrations.past.events import digests, newer, past
from pulumi_d1.migrations.past.history import Application

NOW = datetime.now(UTC).replace(microsecond=0)
MONTH = timedelta(days=30)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def application(name: str, bookmark: str, minutes: float) -> Application:
    taken = Bookmark(bookmark, ago(minutes), MONTH)
    return Application(name, f"digest of {name} at {bookmark}", ago(minutes), 0.1, "ada", "c0ffee", taken)


def live(**minutes: float) -> Live:
    return Live(tuple(minutes), (), {name: ago(when) for name, when in minutes.items()})


def never(_time: datetime) -> str:
    pytest.fail("the history tells it")


HISTORY = [application("one", "b10", 50), application("two", "b20", 40), application("three", "b20", 40)]


def test_what_others_applied_stands_where_it_belongs_in_time() -> None:
    events = past(HISTORY, live(one=50, wrangler=45, two=40, three=40))
    assert [(event.name, event.application is not None) for event in events] == [
        ("one", True),
        ("wrangler", False),
        ("two", True),
        ("three", True),
    ]
    assert all(event.in_ledger for event in events)


def test_a_file_that_was_taken_back_and_applied_again_is_there_twice() -> None:
    again = application("two", "b30", 5)
    events = past([*HISTORY, again], live(one=50, two=5))
    assert [(event.name, event.in_ledger) for event in events] == [
        ("one", True),
        ("two", False),
        ("three", False),
        ("two", True),
    ]


def test_a_row_that_is_later_than_our_application_is_someone_elses() -> None:
    events = past(HISTORY, live(one=50, two=3))
    assert [(event.name, event.application is None) for event in events if event.in_ledger] == [
        ("one", False),
        ("two", True),
    ]


def test_a_row_without_a_time_comes_first_and_is_never_called_newer() -> None:
    events = past([], Live(("old",), (), {}))
    assert [(event.name, event.time) for event in events] == [("old", None)]
    assert newer(events, "b10", MONTH, never) == ()


@pytest.mark.parametrize(("bookmark", "names"), [("b20", ["two", "three"]), ("b10", ["one", "two", "three"])])
def test_the_bookmark_before_a_run_has_nothing_of_the_run_and_all_before(bookmark: str, names: list[str]) -> None:
    events = past(HISTORY, live(one=50, two=40, three=40))
    assert [event.name for event in newer(events, bookmark, MONTH, never)] == names


def test_a_bookmark_after_the_last_run_is_placed_by_cloudflares_clock() -> None:
    events = past(HISTORY, live(one=50, two=40, three=40, wrangler=10))
    asked: list[datetime] = []

    def at(time: datetime) -> str:
        asked.append(time)
        return "b35" if time > ago(10) else "b25"

    assert [event.name for event in newer(events, "b30", MONTH, at)] == ["wrangler"]
    assert asked == [ago(10) + timedelta(seconds=1), ago(40) + timedelta(seconds=1)]
    assert newer(events, "b35", MONTH, at) == ()


def test_what_was_applied_this_second_is_newer_and_what_is_beyond_retention_older() -> None:
    events = past([], Live(("old", "new"), (), {"old": ago(60 * 24 * 31), "new": datetime.now(UTC)}))
    assert [event.name for event in newer(events, "b30", MONTH, never)] == ["new"]


def test_the_digest_is_of_the_text_that_was_applied_not_of_the_folders() -> None:
    files = [Migration(name, "edited since") for name in ("one", "two", "wrangler")]
    events = past(HISTORY, live(one=50, two=40, wrangler=10))
    found = digests(["two", "wrangler", "unknown"], events, {"two": "stale", "one": "recorded"}, files)
    assert found == {"two": "digest of two at b20", "wrangler": files[2].sha256}
    assert digests(["wrangler"], events, {"wrangler": "recorded"}, files) == {"wrangler": "recorded"}
