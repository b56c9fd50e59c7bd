"""The outcome of a request, from its error and the ledger read afterwards."""

from __future__ import annotations

import pytest

from pulumi_d1.errors import ApiError, NotFound, OutcomeUnknown, SqlRefused, TryLater, Unauthorized
from pulumi_d1.migrations.run.outcome import (
    BY_OTHERS,
    IN_LEDGER,
    LOST,
    NOT_RUN,
    ROLLED_BACK,
    STILL_RUNNING,
    UNDONE_BY_OTHERS,
    RequestOutcome,
    outcome_of,
)
from pulumi_d1.migrations.run.request import Request, RequestPart

PAIR = (RequestPart("1.sql", ()), RequestPart("2.sql", ()))
TAKEN = SqlRefused("UNIQUE constraint failed: d1_migrations.name: SQLITE_CONSTRAINT", code=7500)
EXISTS = SqlRefused("table users already exists", code=7500)


@pytest.mark.parametrize(
    ("error", "none_listed", "some_listed", "all_listed"),
    [
        (OutcomeUnknown("no answer"), LOST, BY_OTHERS, IN_LEDGER),
        (EXISTS, ROLLED_BACK, BY_OTHERS, BY_OTHERS),
        (TAKEN, UNDONE_BY_OTHERS, BY_OTHERS, BY_OTHERS),
        (SqlRefused("UNIQUE constraint failed: users.name"), ROLLED_BACK, BY_OTHERS, BY_OTHERS),
        (TryLater("throttled"), NOT_RUN, BY_OTHERS, BY_OTHERS),
        (Unauthorized("no"), NOT_RUN, BY_OTHERS, BY_OTHERS),
        (NotFound("no"), NOT_RUN, BY_OTHERS, BY_OTHERS),
        (ApiError("no"), NOT_RUN, BY_OTHERS, BY_OTHERS),
    ],
)
def test_the_ledger_and_the_error_decide_together(
    error: ApiError, none_listed: RequestOutcome, some_listed: RequestOutcome, all_listed: RequestOutcome
) -> None:
    request = Request(PAIR)
    ledgers = ((), ("1.sql",), ("0.sql", "1.sql", "2.sql"))
    outcomes = tuple(outcome_of(error, request, ledger, "d1_migrations") for ledger in ledgers)
    assert outcomes == (none_listed, some_listed, all_listed)


def test_an_import_may_still_be_running() -> None:
    request = Request(PAIR[:1], as_import=True)
    assert outcome_of(OutcomeUnknown("no answer"), request, (), "d1_migrations") is STILL_RUNNING
    assert outcome_of(EXISTS, request, (), "d1_migrations") is ROLLED_BACK
