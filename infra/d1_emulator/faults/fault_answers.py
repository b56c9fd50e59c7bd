"""The answers of faults, in place of the real answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import uuid4

from starlette.responses import HTMLResponse, Response

from d1_emulator.api import envelope
from d1_emulator.api.json_object import JsonObject
from d1_emulator.api.transfer_endpoints import active_job, failed_job
from d1_emulator.api_errors import HiddenFailure, Internal, RateLimited
from d1_emulator.faults.dropped import DroppedConnection
from d1_emulator.faults.rules import FaultKind

if TYPE_CHECKING:
    from d1_emulator.faults.rules import FaultRule

_BOOKMARK: Final = "00000001-00000000-00004e00-" + "0" * 32
_PAGE: Final = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
)


def fault_answer(rule: FaultRule, endpoint: str, body: bytes) -> Response:
    """Return the answer for a rule's fault, which is not LATENCY.

    The names of the endpoints "import" and "export" are also the names of their jobs.

    Raises:
        Malformed: The fault is for imports, and the body is not that of one.
    """
    response: Response
    match rule.fault:
        case FaultKind.ERROR:
            response = envelope.failure(Internal(f"e_{uuid4().hex}"))
        case FaultKind.RATE_LIMITED:
            response = envelope.failure(RateLimited())
            if rule.retry_after is not None:
                response.headers["retry-after"] = str(rule.retry_after)
        case FaultKind.BAD_GATEWAY:
            response = HTMLResponse(_PAGE, 502)
        case FaultKind.DROP:
            response = DroppedConnection()
        case FaultKind.INVALID_JSON:
            response = Response(b'{"result":[{"results":[', media_type="application/json")
        case FaultKind.FAILURE:
            response = envelope.failure(HiddenFailure())
        case FaultKind.IMPORT_ACTIVE:
            response = active_job(endpoint, _polled_bookmark(body))
        case _:
            response = failed_job(endpoint, _polled_bookmark(body), "internal error")
    return response


def _polled_bookmark(body: bytes) -> str:
    """Return the bookmark of a client that polls, or that of a new job."""
    return str(JsonObject.parse(body).values.get("current_bookmark", _BOOKMARK))
