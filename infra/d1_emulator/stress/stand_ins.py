"""What a client gets in place of the real answer, fault by fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from starlette.responses import HTMLResponse, Response

from d1_emulator.api import bodies, responses
from d1_emulator.errors import HiddenFailure, Internal, RateLimited
from d1_emulator.stress.dropped import Dropped
from d1_emulator.stress.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from d1_emulator.stress.faults import Rule

_ACTIVE: Final = 202
_BOOKMARK: Final = "00000001-00000000-00004e00-" + "0" * 32
_PAGE: Final = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
)


def answer(rule: Rule, endpoint: str, body: bytes) -> Response:
    """Make the answer for a rule's fault.

    Args:
        rule: with any fault but LATENCY.
        endpoint: name of the endpoint; "import" and "export" are what a task is called by as well.
        body: of the request, as sent.

    Raises:
        Malformed: the fault is about an import, and the body is not that of one.
    """
    response = _ANSWERS[rule.fault](endpoint, body)
    if rule.fault is Fault.RATE_LIMITED and rule.retry_after is not None:
        response.headers["retry-after"] = str(rule.retry_after)
    return response


def _error(_endpoint: str, _body: bytes) -> Response:
    return responses.failure(Internal(f"e_{uuid4().hex}"))


def _rate_limited(_endpoint: str, _body: bytes) -> Response:
    return responses.failure(RateLimited())


def _bad_gateway(_endpoint: str, _body: bytes) -> Response:
    return HTMLResponse(_PAGE, 502)


def _drop(_endpoint: str, _body: bytes) -> Response:
    return Dropped()


def _invalid_json(_endpoint: str, _body: bytes) -> Response:
    return Response(b'{"result":[{"results":[', media_type="application/json")


def _failure(_endpoint: str, _body: bytes) -> Response:
    return responses.failure(HiddenFailure())


def _import_active(endpoint: str, body: bytes) -> Response:
    return responses.success(_state(endpoint, body, "active"), status=_ACTIVE)


def _import_error(endpoint: str, body: bytes) -> Response:
    text = "internal error"
    return responses.success({**_state(endpoint, body, "error"), "error": text, "errors": [text]})


def _state(endpoint: str, body: bytes, status: str) -> dict[str, Any]:
    """Write the state of an import or export; a client that polls is given its own bookmark again."""
    bookmark = bodies.document(body).get("current_bookmark", _BOOKMARK)
    return {"type": endpoint, "success": True, "status": status, "at_bookmark": bookmark, "messages": []}


_ANSWERS: Final[Mapping[Fault, Callable[[str, bytes], Response]]] = {
    Fault.ERROR: _error,
    Fault.RATE_LIMITED: _rate_limited,
    Fault.BAD_GATEWAY: _bad_gateway,
    Fault.DROP: _drop,
    Fault.INVALID_JSON: _invalid_json,
    Fault.FAILURE: _failure,
    Fault.IMPORT_ACTIVE: _import_active,
    Fault.IMPORT_ERROR: _import_error,
}
