"""What Cloudflare's answers mean, as results and as our errors. Pure.

The envelope of every answer: `{"result": …, "success": true, "errors": [{"code": 7500, "message": "…"}]}`.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

from pulumi_d1.errors import ApiError, NotFound, OutcomeUnknown, SqlRefused, TryLater, Unauthorized

SQL_REFUSED: Final = 7500
"""With HTTP 400: D1 refuses the SQL. With a 5xx: the service failed."""

NOT_FOUND: Final = 7404
"""With HTTP 404: there is no such database. A proxy that answers 404, or another code, says nothing of a database."""

_BUSY: Final = "Currently processing a long-running"
"""An import or an export blocks the database. It has the code of refused SQL; users report the text."""


def result_of(envelope: dict[str, Any]) -> Any:
    """The result in an answer with a status of success.

    Raises:
        OutcomeUnknown: the answer says all the same that it failed.
    """
    if envelope.get("success") is not True or "result" not in envelope:
        raise OutcomeUnknown(
            f"Cloudflare answered 200 but no success: {_words(envelope) or envelope!s:.200}", status=200
        )
    return envelope["result"]


def error_of(status: int, envelope: Any, retry_after: str) -> ApiError:
    """The error that an answer is.

    Args:
        status: of HTTP, 400 or above.
        envelope: the answer, where it is JSON.
        retry_after: the header; empty where there is none.
    """
    errors = _errors(envelope)
    code = next(iter(errors), None)
    message = _words(envelope) or f"HTTP {status} from Cloudflare without an error code"
    kind = _kind(status, code, message)
    if kind is Unauthorized:
        message = f"Cloudflare refuses the API token: {message}. CLOUDFLARE_API_TOKEN needs the permission D1 Edit"
    return kind(message, code=code, status=status, retry_after=_seconds(retry_after))


def field_of(result: Any, name: str) -> str:
    """A text in a result.

    Raises:
        ApiError: it is not there.
    """
    value = result.get(name) if isinstance(result, dict) else None
    if not isinstance(value, str):
        raise ApiError(f"Cloudflare's answer has no {name}: {result!s:.200}")
    return value


def _words(envelope: Any) -> str:
    return "; ".join(f"{message} (code {code})" for code, message in _errors(envelope).items())


def _errors(envelope: Any) -> dict[int, str]:
    listed = envelope.get("errors") if isinstance(envelope, dict) else None
    items = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    return {item["code"]: str(item.get("message", "")) for item in items if isinstance(item.get("code"), int)}


def _kind(status: int, code: int | None, message: str) -> type[ApiError]:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return OutcomeUnknown
    if status == HTTPStatus.TOO_MANY_REQUESTS or message.startswith(_BUSY):
        return TryLater
    if (status, code) == (HTTPStatus.BAD_REQUEST, SQL_REFUSED):
        return SqlRefused
    if (status, code) == (HTTPStatus.NOT_FOUND, NOT_FOUND):
        return NotFound
    return {401: Unauthorized, 403: Unauthorized}.get(status, ApiError)


def _seconds(retry_after: str) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or as a date (RFC 9110); None where it says neither."""
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None
