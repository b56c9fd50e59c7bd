"""Limits of D1 that no retry raises: which they are, until when they last, and what helps."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from pulumi_d1.cloudflare.answers import limit_error
from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.errors import (
    ApiError,
    DailyLimitReached,
    LimitReached,
    NoConnection,
    NotSent,
    OutcomeUnknown,
    Overloaded,
    ResultTooLarge,
    TryLater,
)

READ = "Your account has exceeded D1's free tier daily row read limit. Upgrade to a paid plan or wait until tomorrow"
NOON = datetime(2026, 12, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (READ, DailyLimitReached),
        (READ.replace("read", "write"), DailyLimitReached),
        ("D1_ERROR: The account has reached its daily row write limit.", DailyLimitReached),
        ("Exceeded maximum DB size", LimitReached),
        ("Your account has exceeded D1's maximum account storage limit, please contact Cloudflare", LimitReached),
        ("database or disk is full: SQLITE_FULL", LimitReached),
        ("System limit reached: databases per account (10)", LimitReached),
        ("D1 DB is overloaded. Requests queued for too long.", Overloaded),
        ("D1 DB is overloaded. Too many requests queued.", Overloaded),
        ("The query result is too large", ResultTooLarge),
        ("Result size exceeds the limit of 50 MB", ResultTooLarge),
        ("Exceeded maximum query result size", ResultTooLarge),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 429, 500])
def test_a_limit_is_recognized_by_its_text_whatever_the_status(message: str, kind: type[ApiError], status: int) -> None:
    error = limit_error(message, status, 7500)
    assert type(error) is kind
    assert str(error).startswith(message.rstrip("."))


def test_too_many_databases_are_recognized_by_their_code_whatever_the_text() -> None:
    assert type(limit_error("no more (code 7406)", 400, 7406)) is LimitReached
    assert limit_error("no more (code 7407)", 400, 7407) is None


@pytest.mark.parametrize(
    "message",
    [
        "no such table: results: SQLITE_ERROR",
        'near "daily row read limit": syntax error at offset 3: SQLITE_ERROR',
        "UNIQUE constraint failed: d1_migrations.name: SQLITE_CONSTRAINT",
        "Authentication error",
    ],
)
def test_other_messages_are_about_no_limit(message: str) -> None:
    assert limit_error(f"{message} (code 7500)", 400, 7500) is None


def test_a_daily_limit_names_the_moment_when_it_ends() -> None:
    error = limit_error(READ, 400, 7500, now=NOON)
    assert error is not None
    assert str(error).endswith("Wait until 2027-01-01 00:00 UTC, or upgrade the account's Workers plan")
    assert error.retry_after == 12 * 3600


def test_a_daily_limit_is_waited_for_only_if_midnight_is_near() -> None:
    far, near = (limit_error(READ, 400, now=NOON.replace(hour=hour, minute=55)) for hour in (11, 23))
    assert far is not None
    assert near is not None
    assert _pauses(far) == []
    assert _pauses(near) == [30] * 10


@pytest.mark.parametrize("error", [LimitReached("full"), ResultTooLarge("large"), NotSent("no certificate")])
def test_what_no_retry_can_help_is_requested_once(error: ApiError) -> None:
    assert _pauses(error) == []


def test_an_overloaded_database_gets_fewer_and_fewer_requests() -> None:
    assert _pauses(Overloaded("queued"), 6) == [5, 10, 20, 30, 10, 30, 30, 30, 30]


@pytest.mark.parametrize("error", [NoConnection("refused"), OutcomeUnknown("lost"), TryLater("busy")])
def test_what_may_be_over_in_a_moment_is_requested_again(error: ApiError) -> None:
    assert len(_pauses(error)) == 1


def _pauses(error: ApiError, times: int = 1) -> list[float]:
    """Return the pauses of a call that fails so many times, or that fails for good."""
    seconds: list[float] = []
    errors = [error] * times

    def request() -> None:
        if errors:
            raise errors.pop()

    with suppress(ApiError):
        Retry(seconds.append, lambda: 1.0).call(request)
    assert len(errors) in {0, times - 1}
    return seconds
