"""Reads wait as long as Cloudflare requests, log a line now and then, and end at some time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.cloudflare.retry import ATTEMPTS, BUDGET_SECONDS
from pulumi_d1.errors import ApiError, OutcomeUnknown, TryLater

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.runner import ScriptedCloudflare, Waiting


def test_a_block_of_five_minutes_logs_a_line_each_half_minute(
    scripted: ScriptedCloudflare, failing: D1Api, waiting: Waiting
) -> None:
    scripted.error(429, 971, "throttled", **{"retry-after": "300"})
    scripted.rows({"one": 1})
    assert failing.read("SELECT 1 AS one") == ({"one": 1},)
    assert waiting.seconds == [30] * 10
    left = [f"; {seconds} s left" for seconds in range(270, 0, -30)]
    assert waiting.messages == [f"Cloudflare requested a wait of 300 s (HTTP 429){end}" for end in ("", *left)]


def test_without_an_answer_the_pauses_grow_and_end(
    scripted: ScriptedCloudflare, failing: D1Api, waiting: Waiting
) -> None:
    for _ in range(ATTEMPTS):
        scripted.drop()
    with pytest.raises(OutcomeUnknown, match="no answer from Cloudflare"):
        failing.read("SELECT 1")
    assert len(scripted.requests) == ATTEMPTS
    assert waiting.seconds == [0.5, 1, 2, 4, 8]
    assert len(waiting.messages) == 3, "the short pauses need no line"
    assert waiting.messages[0].endswith("; retrying in 2 s")


def test_the_retry_after_of_an_overloaded_service_is_respected(
    scripted: ScriptedCloudflare, failing: D1Api, waiting: Waiting
) -> None:
    scripted.error(503, 7500, "overloaded", **{"retry-after": "7"})
    scripted.bookmark("b")
    assert failing.bookmark() == "b"
    assert waiting.seconds == [7]
    assert waiting.messages == ["Cloudflare requested a wait of 7 s (HTTP 503)"]


def test_retry_after_may_be_a_date(scripted: ScriptedCloudflare, failing: D1Api, waiting: Waiting) -> None:
    then = datetime.now(UTC) + timedelta(seconds=100)
    scripted.error(429, 971, "throttled", **{"retry-after": format_datetime(then, usegmt=True)})
    scripted.rows()
    failing.read("SELECT 1")
    assert 90 < sum(waiting.seconds) <= 100


@pytest.mark.parametrize("nonsense", ["soon", "", "nan", "inf", "Wed, 99 Foo"])
def test_an_invalid_retry_after_is_a_short_wait(
    scripted: ScriptedCloudflare, failing: D1Api, waiting: Waiting, nonsense: str
) -> None:
    scripted.error(429, 971, "throttled", **{"retry-after": nonsense})
    scripted.rows()
    failing.read("SELECT 1")
    assert waiting.seconds == [5]
    assert waiting.messages == ["throttled (code 971); retrying in 5 s"]


@pytest.mark.parametrize("wait", ["0", "-5"])
def test_a_retry_after_of_zero_is_one_second_so_that_the_patience_ends(
    scripted: ScriptedCloudflare, failing: D1Api, waiting: Waiting, wait: str
) -> None:
    scripted.error(429, 971, "throttled", **{"retry-after": wait})
    scripted.rows()
    failing.read("SELECT 1")
    assert waiting.seconds == [1]


def test_a_wait_longer_than_the_patience_does_not_begin(
    scripted: ScriptedCloudflare, failing: D1Api, waiting: Waiting
) -> None:
    scripted.error(429, 971, "throttled", **{"retry-after": str(BUDGET_SECONDS + 1)})
    with pytest.raises(TryLater, match="throttled"):
        failing.read("SELECT 1")
    assert waiting.seconds == []


def test_a_wait_as_long_as_the_patience_ends_with_another_request(
    scripted: ScriptedCloudflare, failing: D1Api, waiting: Waiting
) -> None:
    scripted.error(429, 971, "throttled", **{"retry-after": str(BUDGET_SECONDS)})
    scripted.rows()
    failing.read("SELECT 1")
    assert sum(waiting.seconds) == BUDGET_SECONDS


def test_a_read_is_repeated_while_an_import_blocks_the_database(
    scripted: ScriptedCloudflare, failing: D1Api, waiting: Waiting
) -> None:
    scripted.error(400, 7500, "Currently processing a long-running import.")
    scripted.rows()
    failing.read("SELECT 1")
    assert waiting.seconds == [5]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
def test_a_refused_request_is_not_repeated(scripted: ScriptedCloudflare, failing: D1Api, status: int) -> None:
    scripted.error(status, 7400, "no")
    with pytest.raises(ApiError, match="no"):
        failing.read("SELECT 1")
    assert len(scripted.requests) == 1
