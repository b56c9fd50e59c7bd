"""No stretch of time sees more requests than the rate, and a refusal holds back everybody."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from pulumi_d1.cloudflare.pace import Pace, Rate


@dataclass
class Clock:
    """Time that passes only where somebody sleeps."""

    now: float = 0.0
    said: list[str] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def pace(self, rate: Rate) -> Pace:
        return Pace(rate, self.said.append, clock=lambda: self.now, sleep=self.sleep)


RATES = st.builds(Rate, st.integers(1, 20), st.integers(1, 300))


def seconds(most: int) -> st.SearchStrategy[float]:
    """Times that floating-point arithmetic adds and subtracts without an error."""
    return st.integers(0, most * 64).map(lambda number: number / 64)


@given(RATES, st.lists(seconds(100), max_size=100), st.lists(seconds(300), max_size=30))
def test_no_stretch_of_time_sees_more_than_the_rate(rate: Rate, gaps: list[float], ages: list[float]) -> None:
    clock = Clock()
    pace = clock.pace(rate)
    pace.remember(ages)
    sent = []
    for gap in gaps:
        clock.sleep(gap)
        pace.start()
        sent.append(clock.now)
    before = sorted(-age for age in ages)
    for last in sent:
        # An earlier process may have sent more than this one's rate: these stay out of the count where they are alone.
        mine = [time for time in sent if last - rate.seconds < time <= last]
        theirs = [time for time in before if last - rate.seconds < time]
        assert len(mine) + len(theirs) <= max(rate.requests, len(theirs))
    assert pace.count == len(sent)


@given(RATES, st.integers(1, 200))
def test_whoever_never_rests_takes_as_long_as_the_arithmetic_says(rate: Rate, requests: int) -> None:
    clock = Clock()
    pace = clock.pace(rate)
    for _ in range(requests):
        pace.start()
    assert abs(clock.now - rate.wait(requests)) < 1


def test_a_refusal_holds_back_everybody_and_is_told_once() -> None:
    clock = Clock()
    pace = clock.pace(Rate(100, 300))
    pace.start()
    for _ in range(8):
        pace.refused(300)
    pace.start()
    assert clock.now >= 300
    assert clock.said == ["Cloudflare asks to wait 300 s (HTTP 429): all requests wait"]


def test_a_refusal_that_does_not_say_how_long_waits_a_little() -> None:
    clock = Clock()
    pace = clock.pace(Rate(100, 300))
    pace.refused(None)
    pace.start()
    assert 5 <= clock.now < 6


def test_the_limit_is_told_once_for_each_time_it_is_reached() -> None:
    clock = Clock()
    pace = clock.pace(Rate(2, 300))
    for _ in range(6):
        pace.start()
    assert clock.said == ["2 requests in 300 s are sent, the limit: waiting 300 s"] * 2
