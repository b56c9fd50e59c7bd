"""What Cloudflare's answers mean, and what their absence means: the official client's errors as ours."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

from infra.errors import ApiError, NotFound, OutcomeUnknown, SqlRefused, TryLater, Unauthorized

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SQL_REFUSED: Final = 7500
"""With HTTP 400: D1 refuses the SQL. With a 5xx: the service failed."""

_BUSY: Final = "Currently processing a long-running"
"""An import or an export blocks the database. It has the code of refused SQL; users report the text."""


def translated(call: Callable[[], T]) -> T:
    """Result of `call`.

    Raises:
        ApiError: one of its branches, for each error of the client.
    """
    import cloudflare  # takes 0.3 s, and most commands need no API

    try:
        return call()
    except cloudflare.APIConnectionError as error:
        raise OutcomeUnknown(f"no answer from Cloudflare: {error.__cause__ or error}") from error
    except cloudflare.APIStatusError as error:
        raise _translation(error) from error
    except (cloudflare.CloudflareError, ValueError) as error:
        raise OutcomeUnknown(f"Cloudflare's answer is not the JSON that its API promises: {error}") from error


def _translation(error: Any) -> ApiError:
    known = {item.code: item.message for item in error.errors if item.code is not None}
    code = next(iter(known), None)
    text = "; ".join(f"{message} (code {code})" for code, message in known.items())
    message = text or f"HTTP {error.status_code} from Cloudflare without an error code"
    kind = _kind(error.status_code, code, message)
    if kind is Unauthorized:
        message = f"Cloudflare refuses the API token: {message}. CLOUDFLARE_API_TOKEN needs the permission D1 Edit"
    wait = _seconds(error.response.headers.get("retry-after", ""))
    return kind(message, code=code, status=error.status_code, retry_after=wait)


def _kind(status: int, code: int | None, message: str) -> type[ApiError]:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return OutcomeUnknown
    if status == HTTPStatus.TOO_MANY_REQUESTS or message.startswith(_BUSY):
        return TryLater
    if (status, code) == (HTTPStatus.BAD_REQUEST, SQL_REFUSED):
        return SqlRefused
    return {401: Unauthorized, 403: Unauthorized, 404: NotFound}.get(status, ApiError)


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
