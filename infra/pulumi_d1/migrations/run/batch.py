"""Small migrations share a request: a thousand of them are then 20 requests, of the 1,200 that a token has. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.run.request import LARGE_BYTES, Request

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

MOST_PARTS: Final = 50
"""Migrations in one request. It has 30 s for all of them, and when it fails, each is sent again by itself."""


def batched(requests: Iterable[Request]) -> tuple[Request, ...]:
    """The same migrations in the same order, with neighbours that may share a request in one, up to a size."""
    found: list[Request] = []
    size = 0
    for request in requests:
        more = 0 if request.alone else len(request.sql.encode())
        last = found[-1] if found else None
        if last and not (last.alone or request.alone) and _fits(last, request, size + more):
            found[-1] = Request((*last.parts, *request.parts))
            size += more
        else:
            found.append(request)
            size = more
    return tuple(found)


def singles(request: Request) -> tuple[Request, ...]:
    """A request for each of its migrations."""
    return tuple(Request((part,), request.as_import, request.alone) for part in request.parts)


def without(requests: Iterable[Request], names: Collection[str]) -> tuple[Request, ...]:
    """The requests, but for the migrations `names`; those left empty are gone."""
    kept = (
        Request(tuple(part for part in request.parts if part.name not in names), request.as_import, request.alone)
        for request in requests
    )
    return tuple(request for request in kept if request.parts)


def _fits(last: Request, request: Request, size: int) -> bool:
    return len(last.parts) + len(request.parts) <= MOST_PARTS and size <= LARGE_BYTES
