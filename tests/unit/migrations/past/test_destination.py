"""Where a restore goes back to, and every way in which that can't be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pulumi_d1.errors import ApiError, ConfigError
from pulumi_d1.migrations.bookmark import Bookmark
from pulumi_d1.migrations.past.destination import Destination, at_bookmark, at_time, before_file
from pulumi_d1.migrations.past.history import Application

MONTH = timedelta(days=30)
NOW = datetime.now(UTC).replace(microsecond=0)


def application(name: str, bookmark: str, age: timedelta) -> Application:
    return Application(name, "", NOW - age, 0.1, "ada", "", Bookmark(bookmark, NOW - age, MONTH))


HISTORY = [
    application("1.sql", "b1", timedelta(days=40)),
    application("2.sql", "b2", timedelta(days=3)),
    application("2.sql", "b3", timedelta(days=1)),
]


def test_before_a_file_is_before_the_last_run_that_applied_it() -> None:
    assert before_file("2.sql", HISTORY) == Destination("b3", NOW - timedelta(days=1))


def test_a_file_that_the_history_does_not_know_and_a_way_that_is_closed_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"3\.sql is not in this stack's history.* give --time"):
        before_file("3.sql", HISTORY)
    closed = (NOW - timedelta(days=10)).isoformat().replace("+", r"\+")
    with pytest.raises(ConfigError, match=f"the 30 days that Cloudflare keeps.*closed since {closed}"):
        before_file("1.sql", HISTORY)


def test_a_bookmark_has_the_time_that_the_history_knows() -> None:
    bookmarks = [item.bookmark for item in HISTORY]
    assert at_bookmark("b2", bookmarks) == Destination("b2", NOW - timedelta(days=3))
    assert at_bookmark("b9", bookmarks) == Destination("b9", None)
    with pytest.raises(ConfigError, match="closed since"):
        at_bookmark("b1", bookmarks)


def test_a_time_is_resolved_by_cloudflare() -> None:
    asked: list[datetime] = []

    def at(time: datetime) -> str:
        asked.append(time)
        return "b5"

    time = NOW - timedelta(hours=1)
    assert at_time(time.isoformat(), MONTH, at) == Destination("b5", time)
    assert at_time(time.strftime("%Y-%m-%dT%H:%M:%SZ"), MONTH, at).bookmark == "b5"
    assert asked == [time, time]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yesterday", "'yesterday' is not an ISO 8601 time, such as"),
        ("2026-11-23T02:10:00", "does not say in which time zone: add Z for UTC"),
        ((NOW + timedelta(hours=1)).isoformat(), "is in the future: it is .* now"),
        ((NOW - timedelta(days=31)).isoformat(), "longer ago than the 30 days.*closed since"),
    ],
    ids=["no time", "no offset", "future", "beyond retention"],
)
def test_a_time_that_can_not_be_is_refused_without_a_request(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        at_time(text, MONTH, lambda _: pytest.fail("asked"))


def test_a_time_that_cloudflare_has_no_bookmark_of_is_named() -> None:
    def at(_time: datetime) -> str:
        raise ApiError("before the database was created (code 7400)", code=7400)

    time = (NOW - timedelta(hours=1)).isoformat()
    with pytest.raises(ApiError, match=r"no bookmark for --time '.*': before the database was created \(code 7400\)"):
        at_time(time, MONTH, at)
