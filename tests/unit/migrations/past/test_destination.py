"""The moment that a restore goes to, and every reason to refuse it."""

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


def test_a_file_that_is_not_in_the_history_or_too_old_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"3\.sql is not in this stack's history.* or use --time"):
        before_file("3.sql", HISTORY)
    expired = (NOW - timedelta(days=10)).isoformat().replace("+", r"\+")
    with pytest.raises(ConfigError, match=f"Cloudflare keeps bookmarks for 30 days.*it was restorable until {expired}"):
        before_file("1.sql", HISTORY)


def test_a_bookmark_has_its_time_from_the_history() -> None:
    bookmarks = [item.bookmark for item in HISTORY]
    assert at_bookmark("b2", bookmarks) == Destination("b2", NOW - timedelta(days=3))
    assert at_bookmark("b9", bookmarks) == Destination("b9", None)
    with pytest.raises(ConfigError, match="it was restorable until"):
        at_bookmark("b1", bookmarks)


def test_cloudflare_returns_the_bookmark_of_a_time() -> None:
    times: list[datetime] = []

    def at(time: datetime) -> str:
        times.append(time)
        return "b5"

    time = NOW - timedelta(hours=1)
    assert at_time(time.isoformat(), MONTH, at) == Destination("b5", time)
    assert at_time(time.strftime("%Y-%m-%dT%H:%M:%SZ"), MONTH, at).bookmark == "b5"
    assert times == [time, time]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yesterday", "'yesterday' is not an ISO 8601 time, such as"),
        ("2026-11-23T02:10:00", "has no time zone: add Z for UTC"),
        ((NOW + timedelta(hours=1)).isoformat(), "is in the future: it is .* now"),
        (
            (NOW - timedelta(days=31)).isoformat(),
            "is too old: Cloudflare keeps bookmarks for 30 days.*it was restorable until",
        ),
    ],
    ids=["no time", "no offset", "future", "beyond retention"],
)
def test_an_impossible_time_is_refused_without_a_request(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        at_time(text, MONTH, lambda _: pytest.fail("it sent a request"))


def test_a_time_without_a_bookmark_is_named() -> None:
    def at(_time: datetime) -> str:
        raise ApiError("before the database was created (code 7400)", code=7400)

    time = (NOW - timedelta(hours=1)).isoformat()
    with pytest.raises(ApiError, match=r"no bookmark for --time '.*': before the database was created \(code 7400\)"):
        at_time(time, MONTH, at)
