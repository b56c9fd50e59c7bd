"""The answers of faults, in place of the real answer."""

from __future__ import annotations

import asyncio
import http.client
import zlib
from functools import cache
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from starlette.responses import HTMLResponse, Response, StreamingResponse

from d1_emulator.api import envelope
from d1_emulator.api.json_object import JsonObject
from d1_emulator.api.transfer_endpoints import active_job, failed_job
from d1_emulator.api_errors import (
    AccountFull,
    DailyLimit,
    DatabaseFull,
    HiddenFailure,
    Internal,
    OtherAccount,
    Overloaded,
    RateLimited,
    ResultTooLarge,
    StorageTimeout,
)
from d1_emulator.faults.dropped import DroppedConnection
from d1_emulator.faults.rules import FaultKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from d1_emulator.api_errors import RequestError
    from d1_emulator.faults.rules import FaultRule

_BOOKMARK: Final = "00000001-00000000-00004e00-" + "0" * 32
_PAGE: Final = (
    "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n"
    "<center><h1>{status} {reason}</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
)
_NESTED: Final = b"[" * 100_000
_SLOW_BYTES: Final = 600
_SECONDS_FOR_A_BYTE: Final = 0.5
_BOMB_MEGABYTES: Final = 128
_GZIP: Final = 31  # zlib's number for that format


def fault_answer(rule: FaultRule, endpoint: str, body: bytes) -> Response:
    """Return the answer for a rule's fault, which is not LATENCY.

    The names of the endpoints "import" and "export" are also the names of their jobs.

    Raises:
        Malformed: The fault is for imports, and the body is not that of one.
    """
    if make := _OF_NO_REQUEST.get(rule.fault):
        return make()
    response: Response
    match rule.fault:
        case FaultKind.BAD_GATEWAY:
            reason = http.client.responses.get(rule.status, "Refused")
            response = HTMLResponse(_PAGE.format(status=rule.status, reason=reason), rule.status)
        case FaultKind.IMPORT_ACTIVE:
            response = active_job(endpoint, _polled_bookmark(body))
        case FaultKind.IMPORT_ERROR:
            response = failed_job(endpoint, _polled_bookmark(body), "internal error")
        case _:
            response = envelope.failure(_ERRORS[rule.fault])
            if rule.retry_after is not None:
                response.headers["retry-after"] = str(rule.retry_after)
    return response


async def _one_byte_at_a_time() -> AsyncIterator[bytes]:
    for _ in range(_SLOW_BYTES):
        await asyncio.sleep(_SECONDS_FOR_A_BYTE)
        yield b" "


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(1, wbits=_GZIP)
    return b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(_BOMB_MEGABYTES)), packer.flush()])


def _polled_bookmark(body: bytes) -> str:
    """Return the bookmark of a client that polls, or that of a new job."""
    return str(JsonObject.parse(body).values.get("current_bookmark", _BOOKMARK))


_OF_NO_REQUEST: Final[Mapping[FaultKind, Callable[[], Response]]] = {
    FaultKind.ERROR: lambda: envelope.failure(Internal(f"e_{uuid4().hex}")),
    FaultKind.DROP: DroppedConnection,
    FaultKind.INVALID_JSON: lambda: Response(b'{"result":[{"results":[', media_type="application/json"),
    FaultKind.NESTED_JSON: lambda: Response(_NESTED, media_type="application/json"),
    FaultKind.SLOW: lambda: StreamingResponse(_one_byte_at_a_time(), media_type="application/json"),
    FaultKind.BOMB: lambda: Response(_bomb(), media_type="application/json", headers={"content-encoding": "gzip"}),
}
"""Answers that depend neither on the rule nor on the request."""

_ERRORS: Final[Mapping[FaultKind, RequestError]] = {
    FaultKind.RATE_LIMITED: RateLimited(),
    FaultKind.FAILURE: HiddenFailure(),
    FaultKind.TIMEOUT: StorageTimeout(),
    FaultKind.OVERLOADED: Overloaded(),
    FaultKind.DAILY_READS: DailyLimit("read"),
    FaultKind.DAILY_WRITES: DailyLimit("write"),
    FaultKind.DATABASE_FULL: DatabaseFull(),
    FaultKind.ACCOUNT_FULL: AccountFull(),
    FaultKind.RESULT_TOO_LARGE: ResultTooLarge(),
    FaultKind.OTHER_ACCOUNT: OtherAccount(),
}
