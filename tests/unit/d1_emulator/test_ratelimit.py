"""Quotas, on a clock that the test moves."""

from __future__ import annotations

from d1_emulator.ratelimit import Meter, Quota, Usage

_QUOTA = Quota(requests=2, seconds=10.0, block_seconds=30.0)


class _Clock:
    """Seconds since any start."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_requests_above_the_quota_are_refused_for_the_whole_block() -> None:
    clock = _Clock()
    meter = Meter(clock)
    assert meter.take("", _QUOTA) == Usage(refused=False, remaining=1, reset_seconds=10)
    clock.now += 9.5
    assert meter.take("", _QUOTA) == Usage(refused=False, remaining=0, reset_seconds=1)
    assert meter.take("", _QUOTA) == Usage(refused=True, remaining=0, reset_seconds=30)
    clock.now += 29.0
    assert meter.take("", _QUOTA) == Usage(refused=True, remaining=0, reset_seconds=1)
    clock.now += 1.0
    assert meter.take("", _QUOTA) == Usage(refused=False, remaining=1, reset_seconds=10)


def test_without_a_block_a_new_window_lets_requests_pass_again() -> None:
    clock = _Clock()
    meter = Meter(clock)
    quota = Quota(requests=1, seconds=10.0)
    assert [meter.take("", quota).refused for _ in range(3)] == [False, True, True]
    clock.now += 10.0
    assert [meter.take("", quota).refused for _ in range(2)] == [False, True]


def test_each_key_has_a_quota_of_its_own() -> None:
    meter = Meter(_Clock())
    quota = Quota(requests=1, seconds=10.0)
    assert [meter.take(key, quota).refused for key in "aabb"] == [False, True, False, True]
