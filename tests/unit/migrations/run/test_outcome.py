"""The outcome of a request, from its error and the ledger read afterwards."""

from __future__ import annotations

import pytest

from pulumi_d1.errors import (
    ApiError,
    NoConnection,
    NotFound,
    OutcomeUnknown,
    SqlRefused,
    StillRunning,
    TryLater,
    Unauthorized,
)
from pulumi_d1.migrations.ledger import unfinished
from pulumi_d1.migrations.run.outcome import (
    BY_OTHERS,
    IN_LEDGER,
    LOST,
    NOT_RUN,
    ROLLED_BACK,
    STILL_RUNNING,
    UNDONE_BY_OTHERS,
    UNFINISHED,
    RequestOutcome,
    outcome_of,
)
from pulumi_d1.migrations.run.request import Request, RequestPart

PAIR = (RequestPart("1.sql", ()), RequestPart("2.sql", ()))
TAKEN = SqlRefused("UNIQUE constraint failed: d1_migrations.id: SQLITE_CONSTRAINT", code=7500)
EXISTS = SqlRefused("table users already exists", code=7500)


@pytest.mark.parametrize(
    ("error", "none_listed", "some_listed", "all_listed"),
    [
        (OutcomeUnknown("no answer"), LOST, BY_OTHERS, IN_LEDGER),
        (StillRunning("30 minutes"), STILL_RUNNING, BY_OTHERS, IN_LEDGER),
        (EXISTS, ROLLED_BACK, BY_OTHERS, IN_LEDGER),
        (TAKEN, UNDONE_BY_OTHERS, BY_OTHERS, BY_OTHERS),
        (SqlRefused("UNIQUE constraint failed: users.name"), ROLLED_BACK, BY_OTHERS, IN_LEDGER),
        (TryLater("throttled"), NOT_RUN, BY_OTHERS, BY_OTHERS),
        (NoConnection("refused"), NOT_RUN, BY_OTHERS, BY_OTHERS),
        (Unauthorized("no"), NOT_RUN, BY_OTHERS, IN_LEDGER),
        (NotFound("no"), NOT_RUN, BY_OTHERS, IN_LEDGER),
        (ApiError("no"), NOT_RUN, BY_OTHERS, IN_LEDGER),
    ],
)
def test_the_ledger_and_the_error_decide_together(
    error: ApiError, none_listed: RequestOutcome, some_listed: RequestOutcome, all_listed: RequestOutcome
) -> None:
    request = Request(PAIR)
    ledgers = ((), ("1.sql",), ("0.sql", "1.sql", "2.sql"))
    outcomes = tuple(outcome_of(error, request, ledger, "d1_migrations") for ledger in ledgers)
    assert outcomes == (none_listed, some_listed, all_listed)


@pytest.mark.parametrize(
    "error", [OutcomeUnknown("no answer"), StillRunning("30 minutes"), EXISTS, TAKEN, ApiError("no")]
)
def test_an_import_that_has_begun_is_neither_applied_nor_undone(error: ApiError) -> None:
    request = Request(PAIR[:1], as_import=True)
    assert outcome_of(error, request, ("0.sql", unfinished("1.sql")), "d1_migrations") is UNFINISHED


@pytest.mark.parametrize("error", [OutcomeUnknown("no answer"), TAKEN, TryLater("an import is running")])
def test_after_a_lost_response_a_file_in_the_ledger_is_ours(error: ApiError) -> None:
    outcome = outcome_of(error, Request(PAIR[:1]), ("1.sql",), "d1_migrations", sent_before=True)
    assert outcome is IN_LEDGER
