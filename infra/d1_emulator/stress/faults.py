"""Which request meets with which fault. Pure: rules and a request in, a verdict out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Fault(StrEnum):
    """What can go wrong on purpose. All but the first take the place of the real answer."""

    LATENCY = "latency"
    """The answer comes later, and is the real one."""
    ERROR = "error"
    """HTTP 500, internal error 7500 in the envelope."""
    RATE_LIMITED = "rate-limited"
    """HTTP 429, error 971 in the envelope, and the header Retry-After where the rule names its seconds."""
    BAD_GATEWAY = "bad-gateway"
    """HTTP 502, a page of HTML, as from something in front of the API."""
    DROP = "drop"
    """The connection closes without an answer."""
    INVALID_JSON = "invalid-json"
    """HTTP 200, an envelope that breaks off."""
    FAILURE = "failure"
    """HTTP 200 with success: false."""
    IMPORT_ACTIVE = "import-active"
    """The import, or export, is still running."""
    IMPORT_ERROR = "import-error"
    """The import, or export, has failed."""


class When(StrEnum):
    """On which side of the request's effect a fault strikes."""

    BEFORE = "before"
    """The request has no effect."""
    AFTER = "after"
    """The request has had its effect, all of it; only the answer is lost."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One fault, and the requests that it is aimed at.

    Attributes:
        fault: what goes wrong.
        when: before or after the request takes effect.
        endpoint: name of the endpoint, such as "query"; None for every endpoint.
        contains: text that must stand in the body, as it was sent; empty for every body.
        nth: the first request to be struck, counted from 1 among those that endpoint and text select.
        times: how many requests are struck, one after another; None for all from then on.
        ms: how long LATENCY lasts, in milliseconds.
        retry_after: seconds that RATE_LIMITED asks to wait; None leaves the header out.
    """

    fault: Fault
    when: When = When.BEFORE
    endpoint: str | None = None
    contains: str = ""
    nth: int = 1
    times: int | None = 1
    ms: int = 0
    retry_after: int | None = None

    def selects(self, endpoint: str, body: bytes) -> bool:
        """Tell whether a request counts for this rule."""
        return self.endpoint in {None, endpoint} and self.contains.encode() in body

    def strikes(self, number: int) -> bool:
        """Tell whether the request with this number, from 1, among those selected is struck."""
        return number >= self.nth and (self.times is None or number < self.nth + self.times)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens to one request.

    Attributes:
        wait_before_ms: how long to wait before the request takes effect.
        before: whose fault is answered in place of handling the request.
        wait_after_ms: how long to wait once it has taken effect.
        after: whose fault is answered in place of the real answer.
    """

    wait_before_ms: int = 0
    before: Rule | None = None
    wait_after_ms: int = 0
    after: Rule | None = None


def judge(rules: Sequence[Rule], seen: Sequence[int], endpoint: str, body: bytes) -> tuple[Verdict, tuple[int, ...]]:
    """Decide what happens to a request. Waits add up; of several other faults at one time the first rule's is taken.

    Args:
        rules: in the order in which they were given.
        seen: for each rule, how many requests it has selected before.
        endpoint: name of the endpoint that the request is for.
        body: of the request, as sent.

    Returns:
        the verdict, and `seen` with this request counted.
    """
    now_seen = tuple(count + rule.selects(endpoint, body) for rule, count in zip(rules, seen, strict=True))
    struck = [
        rule
        for rule, count, number in zip(rules, seen, now_seen, strict=True)
        if number > count and rule.strikes(number)
    ]
    verdict = Verdict(
        wait_before_ms=_wait(struck, When.BEFORE),
        before=_first(struck, When.BEFORE),
        wait_after_ms=_wait(struck, When.AFTER),
        after=_first(struck, When.AFTER),
    )
    return verdict, now_seen


def _wait(rules: Sequence[Rule], when: When) -> int:
    return sum(rule.ms for rule in rules if rule.fault == Fault.LATENCY and rule.when == when)


def _first(rules: Sequence[Rule], when: When) -> Rule | None:
    return next((rule for rule in rules if rule.fault != Fault.LATENCY and rule.when == when), None)
