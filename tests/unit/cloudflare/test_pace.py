"""No period has more requests than the rate allows, and a refusal delays all requests."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from pulumi_d1.cloudflare.pace import LIMIT, Pace, Rate


@dataclass
class Clock:
    """A clock that advances only during sleep."""

    now: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def pace(self, rate: Rate) -> Pace:
        return Pace(rate, clock=lambda: self.now, sleep=self.sleep)


RATES = st.builds(Rate, st.integers(1, 20), st.integers(1, 300))


def seconds(most: int) -> st.SearchStrategy[float]:
    """Return times that floating-point arithmetic adds and subtracts exactly."""
    return st.integers(0, most * 64).map(lambda number: number / 64)


@given(RATES, st.lists(seconds(100), max_size=100), st.lists(seconds(300), max_size=30))
def test_no_period_has_more_requests_than_the_rate_allows(rate: Rate, gaps: list[float], ages: list[float]) -> None:
    clock = Clock()
    pace = clock.pace(rate)
    pace.add_earlier(ages)
    sent = []
    for gap in gaps:
        clock.sleep(gap)
        pace.wait_for_turn()
        sent.append(clock.now)
    before = sorted(-age for age in ages)
    for last in sent:
        # An earlier process may have sent more than this rate allows: its requests alone are no error.
        mine = [time for time in sent if last - rate.seconds < time <= last]
        theirs = [time for time in before if last - rate.seconds < time]
        assert len(mine) + len(theirs) <= max(rate.requests, len(theirs))
    assert pace.count == len(sent)


@given(RATES, st.integers(1, 200))
def test_requests_without_pauses_take_as_long_as_computed(rate: Rate, requests: int) -> None:
    clock = Clock()
    pace = clock.pace(rate)
    for _ in range(requests):
        pace.wait_for_turn()
    assert abs(clock.now - rate.seconds_for(requests)) < 1


def test_a_refusal_delays_all_requests_and_is_logged_once(messages: list[str]) -> None:
    clock = Clock()
    pace = clock.pace(Rate(100, 300))
    pace.wait_for_turn()
    for _ in range(8):
        pace.block(300)
    pace.wait_for_turn()
    assert clock.now >= 300
    assert messages == ["Cloudflare requested a wait of 300 s (HTTP 429): all requests wait"]


def test_a_refusal_without_retry_after_is_a_short_wait() -> None:
    clock = Clock()
    pace = clock.pace(Rate(100, 300))
    pace.block(None)
    pace.wait_for_turn()
    assert 5 <= clock.now < 6


def test_reaching_the_limit_is_logged_once_each_time(messages: list[str]) -> None:
    clock = Clock()
    pace = clock.pace(Rate(2, 300))
    for _ in range(6):
        pace.wait_for_turn()
    assert messages == ["reached the limit of 2 requests in 300 s: waiting 300 s"] * 2


def test_the_limit_is_that_of_cloudflares_page_on_rate_limits() -> None:
    assert str(LIMIT) == "1,200 requests in 300 s"


def test_an_absurd_retry_after_blocks_for_eleven_minutes() -> None:
    clock = Clock()
    pace = clock.pace(Rate(100, 300))
    pace.block(86_400)
    pace.wait_for_turn()
    assert clock.now < 700


def test_requests_of_an_earlier_process_count_until_they_are_old_enough() -> None:
    clock = Clock()
    pace = clock.pace(Rate(2, 300))
    pace.add_earlier([290, 100])
    pace.wait_for_turn()
    assert 10 <= clock.now < 11
    pace.wait_for_turn()
    assert 200 <= clock.now < 201


def test_a_share_of_the_rate_has_at_least_one_request() -> None:
    assert [LIMIT.shared_by(number).requests for number in (1, 7, 1200, 5000)] == [1200, 171, 1, 1]
