"""The requests that each fault hits. Pure: rules and a request in, faults out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class FaultKind(StrEnum):
    """The kinds of faults. All but the first replace the real answer."""

    LATENCY = "latency"
    """The real answer, later."""
    ERROR = "error"
    """HTTP 500, internal error 7500 in the envelope."""
    RATE_LIMITED = "rate-limited"
    """HTTP 429, error 971 in the envelope."""
    BAD_GATEWAY = "bad-gateway"
    """A page of HTML, as from a proxy in front of the API; HTTP 502, or the rule's status."""
    DROP = "drop"
    """The connection closes without an answer."""
    INVALID_JSON = "invalid-json"
    """HTTP 200 with an incomplete envelope."""
    NESTED_JSON = "nested-json"
    """HTTP 200 with 100,000 lists inside one another."""
    SLOW = "slow"
    """HTTP 200 with one byte every half second, for five minutes."""
    BOMB = "bomb"
    """HTTP 200 with 128 MB, compressed to less than one."""
    FAILURE = "failure"
    """HTTP 200 with success: false."""
    IMPORT_ACTIVE = "import-active"
    """The import, or export, is still running."""
    IMPORT_ERROR = "import-error"
    """The import, or export, has failed."""
    TIMEOUT = "timeout"
    """HTTP 429, error 7429: the query took too long."""
    OVERLOADED = "overloaded"
    """HTTP 429, error 7429: too many requests wait for the database."""
    DAILY_READS = "daily-reads"
    """HTTP 400, error 7500: the free plan's rows to read are used up until midnight UTC."""
    DAILY_WRITES = "daily-writes"
    """HTTP 400, error 7500: the free plan's rows to write are used up until midnight UTC."""
    DATABASE_FULL = "database-full"
    """HTTP 400, error 7500: the database has reached its largest size."""
    ACCOUNT_FULL = "account-full"
    """HTTP 400, error 7500: the account's databases have reached their largest size."""
    RESULT_TOO_LARGE = "result-too-large"
    """HTTP 400, error 7500: the result is larger than 50 MB."""
    OTHER_ACCOUNT = "other-account"
    """HTTP 403, error 7403: the token is for another account, or lacks D1."""


class When(StrEnum):
    """The side of the request's effect on which a fault hits."""

    BEFORE = "before"
    """The request has no effect."""
    AFTER = "after"
    """The request has its whole effect; only the answer is lost."""


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One fault, and the requests that it hits.

    Attributes:
        endpoint: The name of an endpoint, such as "query"; None for every endpoint.
        contains: Text that the body must contain, as sent; empty for every body.
        nth: The first request to hit, counted from 1 among those that endpoint and text select.
        times: The number of consecutive requests to hit; None for all from the first one.
        ms: The duration of LATENCY, in milliseconds.
        retry_after: The seconds that an error in the envelope asks the client to wait; None omits the header.
        status: The HTTP status of BAD_GATEWAY.
    """

    fault: FaultKind
    when: When = When.BEFORE
    endpoint: str | None = None
    contains: str = ""
    nth: int = 1
    times: int | None = 1
    ms: int = 0
    retry_after: int | None = None
    status: int = 502

    def selects(self, endpoint: str, body: bytes) -> bool:
        """Return whether a request counts for this rule."""
        return self.endpoint in {None, endpoint} and self.contains.encode() in body

    def hits(self, number: int) -> bool:
        """Return whether the rule hits its selected request with this number, counted from 1."""
        return number >= self.nth and (self.times is None or number < self.nth + self.times)


@dataclass(frozen=True, slots=True)
class RequestFaults:
    """The faults of one request.

    Attributes:
        wait_before_ms: The wait before the request takes effect.
        before: The rule whose fault is answered instead of handling the request.
        wait_after_ms: The wait after the request took effect.
        after: The rule whose fault is answered instead of the real answer.
    """

    wait_before_ms: int = 0
    before: FaultRule | None = None
    wait_after_ms: int = 0
    after: FaultRule | None = None


def select_faults(
    rules: Sequence[FaultRule], seen: Sequence[int], endpoint: str, body: bytes
) -> tuple[RequestFaults, tuple[int, ...]]:
    """Select the faults of a request. Waits add up; of other faults on one side, the first rule's wins.

    `seen` has the number of requests that each rule has selected before. It is returned with this request counted.
    """
    now_seen = tuple(count + rule.selects(endpoint, body) for rule, count in zip(rules, seen, strict=True))
    hitting = [
        rule for rule, count, number in zip(rules, seen, now_seen, strict=True) if number > count and rule.hits(number)
    ]
    request_faults = RequestFaults(
        wait_before_ms=_wait(hitting, When.BEFORE),
        before=_first(hitting, When.BEFORE),
        wait_after_ms=_wait(hitting, When.AFTER),
        after=_first(hitting, When.AFTER),
    )
    return request_faults, now_seen


def _wait(rules: Sequence[FaultRule], when: When) -> int:
    return sum(rule.ms for rule in rules if rule.fault == FaultKind.LATENCY and rule.when == when)


def _first(rules: Sequence[FaultRule], when: When) -> FaultRule | None:
    return next((rule for rule in rules if rule.fault != FaultKind.LATENCY and rule.when == when), None)
