"""Results and errors from Cloudflare's JSON. Pure.

The envelope of every answer: `{"result": …, "success": true, "errors": [{"code": 7500, "message": "…"}]}`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

from pulumi_d1.errors import ApiError, NotFound, OutcomeUnknown, SqlRefused, TryLater, Unauthorized

SQL_REFUSED: Final = 7500
"""With HTTP 400: D1 refuses the SQL. With a 5xx: the service failed."""

NOT_FOUND: Final = 7404
"""With HTTP 404: the database does not exist. A 404 with another code, or from a proxy, is not about a database."""

_BUSY: Final = "Currently processing a long-running"
"""An import or an export blocks the database. The code is the one of refused SQL; users have reported the text."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The envelope of a successful answer.

    Attributes:
        result: The result as JSON, which the caller parses.
        total_count: Number of items on all pages of a list; None if Cloudflare does not give it.
    """

    result: Any
    total_count: int | None = None


def parse_answer(envelope: Any) -> Answer:
    """Return the parsed envelope of an answer with a successful HTTP status.

    Raises:
        OutcomeUnknown: The envelope reports a failure all the same, or is none.
    """
    envelope = parse_object(envelope)
    if envelope.get("success") is not True or "result" not in envelope:
        reason = _format_errors(envelope) or "no reason given"
        raise OutcomeUnknown(f"Cloudflare answered HTTP 200 without success: {reason}", status=200)
    total = (envelope.get("result_info") or {}).get("total_count")
    return Answer(envelope["result"], total if isinstance(total, int) else None)


def parse_error(status: int, envelope: Any, retry_after: str) -> ApiError:
    """Return the exception for an answer with an HTTP error.

    Args:
        status: The HTTP status, 400 or above.
        envelope: The answer's JSON, if it is JSON.
        retry_after: The header of this name; empty if there is none.
    """
    code = next(iter(_errors(envelope)), None)
    message = _format_errors(envelope) or f"HTTP {status} from Cloudflare without an error code"
    kind = _error_class(status, code, message)
    if kind is Unauthorized:
        message = f"Cloudflare refused the API token: {message}. CLOUDFLARE_API_TOKEN needs the permission D1 Edit"
    return kind(message, code=code, status=status, retry_after=_seconds(retry_after))


def parse_object(value: Any) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        OutcomeUnknown: The value is something else.
    """
    if not isinstance(value, dict):
        raise OutcomeUnknown(f"Cloudflare's answer is not a JSON object: it is of type {type(value).__name__}")
    return value


def parse_text(result: Any, name: str) -> str:
    """Return the text with this name in a JSON object.

    Raises:
        ApiError: It is missing.
    """
    value = result.get(name) if isinstance(result, dict) else None
    if not isinstance(value, str):
        raise ApiError(f"Cloudflare's answer has no text '{name}'")
    return value


def _format_errors(envelope: Any) -> str:
    return "; ".join(f"{message} (code {code})" for code, message in _errors(envelope).items())


def _errors(envelope: Any) -> dict[int, str]:
    """Return the messages of the errors by their codes."""
    listed = envelope.get("errors") if isinstance(envelope, dict) else None
    items = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    return {item["code"]: str(item.get("message", "")) for item in items if isinstance(item.get("code"), int)}


def _error_class(status: int, code: int | None, message: str) -> type[ApiError]:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return OutcomeUnknown
    if status == HTTPStatus.TOO_MANY_REQUESTS or message.startswith(_BUSY):
        return TryLater
    if (status, code) == (HTTPStatus.BAD_REQUEST, SQL_REFUSED):
        return SqlRefused
    if (status, code) == (HTTPStatus.NOT_FOUND, NOT_FOUND):
        return NotFound
    return Unauthorized if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} else ApiError


def _seconds(retry_after: str) -> float | None:
    """Return the seconds of a Retry-After header, a number or a date (RFC 9110), or None if it is neither."""
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None
