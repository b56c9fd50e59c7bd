"""Apply a behaviour to requests: count them, delay them, and replace answers by faults."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from d1_emulator.api import envelope
from d1_emulator.api_errors import RateLimited
from d1_emulator.faults.fault_answers import fault_answer
from d1_emulator.faults.rules import select_faults
from d1_emulator.ratelimit import Meter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response

    from d1_emulator.databases.limits import Limits
    from d1_emulator.databases.registry import Registry
    from d1_emulator.faults.behaviour import Behaviour
    from d1_emulator.faults.rules import RequestFaults
    from d1_emulator.ratelimit import Quota, Usage

_MS: Final = 1000
_MB: Final = 1_000_000
_EVERYONE: Final = ""  # the emulator has one token, so one user


class FaultInjector:
    """The behaviour in force, and its counts. Safe for threads.

    Args:
        registry: The databases; their limits follow the behaviour.
    """

    def __init__(self, registry: Registry, start: Behaviour) -> None:
        self.start: Final = start
        self._registry = registry
        self._limits = registry.limits
        self._lock = threading.Lock()
        self.in_progress = 0  # requests that are being answered; only the event loop changes it
        self.set(start)

    def set(self, behaviour: Behaviour) -> None:
        """Set the behaviour, and reset all counts."""
        with self._lock:
            self.behaviour = behaviour
            self._seen = (0,) * len(behaviour.faults)
            self._meter = Meter()
            self._registry.set_limits(_limited(self._limits, behaviour))

    def counted(self) -> tuple[Behaviour, tuple[int, ...]]:
        """Return the behaviour in force, and how many requests each of its rules has selected."""
        with self._lock:
            return self.behaviour, self._seen

    async def answer(self, endpoint: str, body: bytes, run: Callable[[], Awaitable[Response]]) -> Response:
        """Answer one request with the behaviour in force.

        Args:
            body: The request's body, as sent.
            run: Handles the request and returns the real answer; raises nothing.
        """
        self.in_progress += 1
        try:
            return await self._answer_within_quota(endpoint, body, run)
        finally:
            self.in_progress -= 1

    async def _answer_within_quota(
        self, endpoint: str, body: bytes, run: Callable[[], Awaitable[Response]]
    ) -> Response:
        quota = self.behaviour.rate_limit
        if quota is None:
            return await self._answer_with_faults(endpoint, body, run)
        usage = self._meter.take(_EVERYONE, quota)
        if usage.refused:
            response = envelope.failure(RateLimited())
        else:
            response = await self._answer_with_faults(endpoint, body, run)
        _add_headers(response, quota, usage)
        return response

    async def _answer_with_faults(self, endpoint: str, body: bytes, run: Callable[[], Awaitable[Response]]) -> Response:
        faults = self._select(endpoint, body)
        await asyncio.sleep((self.behaviour.latency_ms + faults.wait_before_ms) / _MS)
        if faults.before is not None:
            return fault_answer(faults.before, endpoint, body)
        response = await run()
        await asyncio.sleep(faults.wait_after_ms / _MS)
        return response if faults.after is None else fault_answer(faults.after, endpoint, body)

    def _select(self, endpoint: str, body: bytes) -> RequestFaults:
        with self._lock:
            faults, self._seen = select_faults(self.behaviour.faults, self._seen, endpoint, body)
            return faults


def _limited(limits: Limits, behaviour: Behaviour) -> Limits:
    days = behaviour.retention_days
    return replace(
        limits,
        databases=limits.databases if behaviour.max_databases is None else behaviour.max_databases,
        retention=limits.retention if days is None else timedelta(days=days),
        restores=behaviour.restore_limit or limits.restores,
        query_seconds=limits.query_seconds if behaviour.query_seconds is None else behaviour.query_seconds,
        database_bytes=(
            limits.database_bytes if behaviour.max_database_mb is None else behaviour.max_database_mb * _MB
        ),
    )


def _add_headers(response: Response, quota: Quota, usage: Usage) -> None:
    """Add the headers of Cloudflare's page "Rate limits"; `retry-after` only once the quota is exceeded."""
    response.headers["ratelimit"] = f'"default";r={usage.remaining};t={usage.reset_seconds}'
    response.headers["ratelimit-policy"] = f'"default";q={quota.requests};w={quota.seconds:g}'
    if usage.refused:
        response.headers["retry-after"] = str(usage.reset_seconds)
