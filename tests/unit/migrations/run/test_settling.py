"""The reads of a database after a lost response."""

from pulumi_d1.migrations.run.settling import SETTLE_SECONDS, settle_attempts


def test_the_first_read_is_at_once_and_the_last_after_the_limit_of_a_query() -> None:
    pauses: list[float] = []
    assert [(attempt, len(pauses)) for attempt in settle_attempts(pauses.append)] == [
        (attempt, attempt) for attempt in range(len(SETTLE_SECONDS) + 1)
    ]
    assert sum(pauses) == 30


def test_there_is_no_pause_after_a_read_that_settles_it() -> None:
    pauses: list[float] = []
    next(settle_attempts(pauses.append))
    assert pauses == []
