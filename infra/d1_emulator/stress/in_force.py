"""Applies a behaviour to requests: counts them, lets them wait, and puts faults in the place of answers."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from d1_emulator.api import responses
from d1_emulator.errors import RateLimited
from d1_emulator.ratelimit import Meter
from d1_emulator.stress import faults, stand_ins

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response

    from d1_emulator.databases.registry import Limits, Registry
    from d1_emulator.ratelimit import Quota, Usage
    from d1_emulator.stress.behaviour import Behaviour
    from d1_emulator.stress.faults import Verdict

_MS: Final = 1000
_EVERYONE: Final = ""  # the emulator has one token, so one user


class Stress:
    """The behaviour in force, and what it has counted. Safe for threads.

    Args:
        registry: its limits follow the behaviour.
        start: in force until another is set.
    """

    def __init__(self, registry: Registry, start: Behaviour) -> None:
        self.start: Final = start
        self._registry = registry
        self._limits = registry.limits
        self._lock = threading.Lock()
        self.set(start)

    def set(self, behaviour: Behaviour) -> None:
        """Put a behaviour in force, with all counts at zero."""
        with self._lock:
            self.behaviour = behaviour
            self._seen = (0,) * len(behaviour.faults)
            self._meter = Meter()
            self._registry.set_limits(_limited(self._limits, behaviour))

    def counted(self) -> tuple[Behaviour, tuple[int, ...]]:
        """The behaviour in force, and for each of its rules how many requests it has selected."""
        with self._lock:
            return self.behaviour, self._seen

    async def around(self, endpoint: str, body: bytes, run: Callable[[], Awaitable[Response]]) -> Response:
        """Answer one request as the behaviour has it.

        Args:
            endpoint: name of the endpoint.
            body: of the request, as sent.
            run: handles the request and gives the real answer; raises nothing.
        """
        quota = self.behaviour.rate_limit
        if quota is None:
            return await self._struck(endpoint, body, run)
        usage = self._meter.take(_EVERYONE, quota)
        response = responses.failure(RateLimited()) if usage.refused else await self._struck(endpoint, body, run)
        _add_headers(response, quota, usage)
        return response

    async def _struck(self, endpoint: str, body: bytes, run: Callable[[], Awaitable[Response]]) -> Response:
        verdict = self._judge(endpoint, body)
        await asyncio.sleep((self.behaviour.latency_ms + verdict.wait_before_ms) / _MS)
        if verdict.before is not None:
            return stand_ins.answer(verdict.before, endpoint, body)
        response = await run()
        await asyncio.sleep(verdict.wait_after_ms / _MS)
        return response if verdict.after is None else stand_ins.answer(verdict.after, endpoint, body)

    def _judge(self, endpoint: str, body: bytes) -> Verdict:
        with self._lock:
            verdict, self._seen = faults.judge(self.behaviour.faults, self._seen, endpoint, body)
            return verdict


def _limited(limits: Limits, behaviour: Behaviour) -> Limits:
    days = behaviour.retention_days
    return replace(
        limits,
        databases=limits.databases if behaviour.max_databases is None else behaviour.max_databases,
        retention=limits.retention if days is None else timedelta(days=days),
        restores=behaviour.restore_limit or limits.restores,
    )


def _add_headers(response: Response, quota: Quota, usage: Usage) -> None:
    """Add the headers of Cloudflare's page "Rate limits"; `retry-after` only once the quota is exceeded."""
    response.headers["ratelimit"] = f'"default";r={usage.remaining};t={usage.reset_seconds}'
    response.headers["ratelimit-policy"] = f'"default";q={quota.requests};w={quota.seconds:g}'
    if usage.refused:
        response.headers["retry-after"] = str(usage.reset_seconds)
