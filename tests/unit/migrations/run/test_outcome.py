"""What an error and the ledger that was read after it mean together."""

from __future__ import annotations

import pytest

from pulumi_d1.errors import ApiError, NotFound, OutcomeUnknown, SqlRefused, TryLater, Unauthorized
from pulumi_d1.migrations.run.outcome import (
    LOST,
    NOT_RUN,
    SETTLED,
    STILL_RUNNING,
    TAKEN_BACK,
    THEIRS,
    UNDONE,
    Outcome,
    judge,
)
from pulumi_d1.migrations.run.request import Part, Request

PAIR = (Part("1.sql", ()), Part("2.sql", ()))
TAKEN = SqlRefused("UNIQUE constraint failed: d1_migrations.name: SQLITE_CONSTRAINT", code=7500)
EXISTS = SqlRefused("table users already exists", code=7500)


@pytest.mark.parametrize(
    ("error", "none_shown", "some_shown", "all_shown"),
    [
        (OutcomeUnknown("no answer"), LOST, THEIRS, SETTLED),
        (EXISTS, UNDONE, THEIRS, THEIRS),
        (TAKEN, TAKEN_BACK, THEIRS, THEIRS),
        (SqlRefused("UNIQUE constraint failed: users.name"), UNDONE, THEIRS, THEIRS),
        (TryLater("throttled"), NOT_RUN, THEIRS, THEIRS),
        (Unauthorized("no"), NOT_RUN, THEIRS, THEIRS),
        (NotFound("no"), NOT_RUN, THEIRS, THEIRS),
        (ApiError("no"), NOT_RUN, THEIRS, THEIRS),
    ],
)
def test_the_ledger_tells_what_the_error_does_not(
    error: ApiError, none_shown: Outcome, some_shown: Outcome, all_shown: Outcome
) -> None:
    request = Request(PAIR)
    ledgers = ((), ("1.sql",), ("0.sql", "1.sql", "2.sql"))
    found = tuple(judge(error, request, ledger, "d1_migrations") for ledger in ledgers)
    assert found == (none_shown, some_shown, all_shown)


def test_an_import_may_still_be_running() -> None:
    request = Request(PAIR[:1], as_import=True)
    assert judge(OutcomeUnknown("no answer"), request, (), "d1_migrations") is STILL_RUNNING
    assert judge(EXISTS, request, (), "d1_migrations") is UNDONE
