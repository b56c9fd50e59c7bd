"""Send small migrations in one request: 1,000 of them take 20 of the 1,200 requests of a token. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.run.request import LARGE_BYTES, Request

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

MOST_PARTS: Final = 50
"""Migrations in one request. D1 allows 30 s for all of them, and if it fails, each is sent again by itself."""


def batch_requests(requests: Iterable[Request]) -> tuple[Request, ...]:
    """Return the same migrations in the same order, with neighbours in one request if they may share it and fit."""
    batches: list[Request] = []
    size = 0
    for request in requests:
        more = 0 if request.alone else len(request.sql.encode())
        last = batches[-1] if batches else None
        if last and not (last.alone or request.alone) and _fits(last, request, size + more):
            batches[-1] = Request((*last.parts, *request.parts))
            size += more
        else:
            batches.append(request)
            size = more
    return tuple(batches)


def split_request(request: Request) -> tuple[Request, ...]:
    """Return one request for each migration."""
    return tuple(replace(request, parts=(part,)) for part in request.parts)


def without_names(requests: Iterable[Request], names: Collection[str]) -> tuple[Request, ...]:
    """Return the requests without the migrations `names`, and without requests that are then empty."""
    kept = (
        replace(request, parts=tuple(part for part in request.parts if part.name not in names)) for request in requests
    )
    return tuple(request for request in kept if request.parts)


def _fits(last: Request, request: Request, size: int) -> bool:
    return len(last.parts) + len(request.parts) <= MOST_PARTS and size <= LARGE_BYTES
