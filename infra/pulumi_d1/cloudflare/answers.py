"""Results and errors from Cloudflare's JSON. Pure.

The envelope of every answer: `{"result": …, "success": true, "errors": [{"code": 7500, "message": "…"}]}`. An answer
without it is not from Cloudflare's API but from something in between, and proves nothing, whatever its status.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, NamedTuple, NoReturn, TypeGuard

from pulumi_d1.cloudflare.text import one_line
from pulumi_d1.errors import (
    ApiError,
    DailyLimitReached,
    LimitReached,
    NotFound,
    OutcomeUnknown,
    Overloaded,
    ResultTooLarge,
    SqlRefused,
    TryLater,
    Unauthorized,
)

SQL_REFUSED: Final = 7500
"""With HTTP 400: D1 refuses the SQL. With a 5xx: the service failed."""

NOT_FOUND: Final = 7404
"""With HTTP 404: the database does not exist. A 404 with another code, or from a proxy, is not about a database."""

OTHER_ACCOUNT: Final = 7403
"""The account does not exist, or the token is not allowed to use D1 in it."""

TOO_MANY_DATABASES: Final = 7406

LONGEST_RETRY_AFTER: Final = 86_400.0
"""Longest Retry-After in seconds that is believed."""

_TIMED_OUT: Final = {HTTPStatus.REQUEST_TIMEOUT, 499}
"""Statuses of a request that was given up while it may have run: the second is nginx's "client closed request"."""

_BUSY: Final = "Currently processing a long-running"
"""An import or an export blocks the database. The code is the one of refused SQL; users have reported the text."""

_BOOKMARK: Final = re.compile(r"[A-Za-z0-9_-]{1,200}")

# Cloudflare documents these errors by their text (D1's page "Debug D1"). Their status is not documented, and their code
# is 7500. A text of SQLite ends with its code, such as ": SQLITE_ERROR", and may quote anything before it.
_SQLITE: Final = re.compile(r": SQLITE_[A-Z]+$")
_DAILY: Final = re.compile(r"daily row (read|write) limit", re.IGNORECASE)
_FULL: Final = re.compile(
    r"exceeded maximum (db|database) size|maximum account storage|database or disk is full|system limit reached",
    re.IGNORECASE,
)
_RESTORES: Final = re.compile(r"restores per database", re.IGNORECASE)
_OVERLOADED: Final = re.compile(r"D1 DB is overloaded|requests queued", re.IGNORECASE)
_TOO_LARGE: Final = re.compile(
    r"\bresults? (set )?(size )?((is|are|was) )?(too (large|big)|exceed)|maximum (query )?result size", re.IGNORECASE
)
_SERVICE_FAILED: Final = re.compile(
    r"internal error|network connection lost|object to be reset|code was updated|transient issue|exceeded timeout|"
    r"exceeded its (cpu|memory)|and was reset|timed out",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The envelope of a successful answer.

    Attributes:
        result: The result as JSON, which the caller parses.
        total_count: Number of items on all pages of a list; None if Cloudflare does not give it.
    """

    result: Any
    total_count: int | None = None


class _Error(NamedTuple):
    code: int
    message: str

    def __str__(self) -> str:
        return f"{self.message} (code {self.code})"


def parse_answer(status: int, body: bytes) -> Answer:
    """Return the parsed envelope of an answer with an HTTP status below 400.

    Raises:
        OutcomeUnknown: The envelope reports a failure all the same, or is none.
        ApiError: It reports a limit that was reached.
    """
    envelope = parse_object(_parse_json(body))
    if not status < HTTPStatus.MULTIPLE_CHOICES or envelope.get("success") is not True or "result" not in envelope:
        reason = _format_errors(_errors(envelope)) or "no reason given"
        message = f"Cloudflare answered HTTP {status} without success: {reason}"
        raise limit_error(reason, status) or OutcomeUnknown(message, status=status)
    info = envelope.get("result_info")
    total = info.get("total_count") if isinstance(info, dict) else None
    return Answer(envelope["result"], total if is_number(total) else None)


def parse_metrics(status: int, body: bytes, dataset: str) -> list[dict[str, Any]]:
    """Return the groups of a dataset of one account. GraphQL has another envelope than the rest of the API.

    Raises:
        OutcomeUnknown: There are none, because of an error or of something in between.
    """
    answer = parse_object(_parse_json(body))
    errors = answer.get("errors") or []
    if not isinstance(errors, list) or errors:
        first = errors[0] if isinstance(errors, list) else None
        message = one_line(optional_text(parse_object(first), "message"))
        raise OutcomeUnknown(f"Cloudflare refused the query for metrics: {message or 'no reason given'}", status=status)
    accounts = parse_object(parse_object(answer.get("data")).get("viewer")).get("accounts")
    groups = parse_object(accounts[0]).get(dataset) if isinstance(accounts, list) and len(accounts) == 1 else None
    if not isinstance(groups, list):
        raise OutcomeUnknown(f"Cloudflare's answer to the query for metrics has no {dataset}", status=status)
    return [parse_object(group) for group in groups]


def parse_error(status: int, body: bytes, retry_after: str) -> ApiError:
    """Return the exception for an answer with an HTTP error.

    Args:
        status: The HTTP status, 400 or above.
        body: The answer's body, which may not be JSON.
        retry_after: The header of this name; empty if there is none.
    """
    try:
        errors = _errors(_parse_json(body))
    except OutcomeUnknown:
        errors = []
    wait = _seconds(retry_after)
    if not errors:
        return OutcomeUnknown(
            f"HTTP {status} without Cloudflare's error format: something in between may have answered",
            status=status,
            retry_after=wait,
        )
    code, message = errors[0].code, _format_errors(errors)
    if limit := limit_error(message, status, code, wait):
        return limit
    kind = _error_class(status, code, errors[0].message)
    if kind is Unauthorized:
        message = f"Cloudflare refused the API token: {message}. CLOUDFLARE_API_TOKEN needs the permission D1 Edit"
        if code == OTHER_ACCOUNT:
            message += " in the account of CLOUDFLARE_ACCOUNT_ID: check that this is the right account"
    if kind is TryLater and wait:
        message += f". Try again in {wait:,.0f} s, as Cloudflare requests"
    return kind(message, code=code, status=status, retry_after=wait)


def limit_error(
    message: str,
    status: int | None = None,
    code: int | None = None,
    retry_after: float | None = None,
    now: datetime | None = None,
) -> ApiError | None:
    """Return the exception for a message about a limit of D1 or of the account; None if it is about something else.

    The text decides, whatever the status: after such a message nothing was applied, but for a too large result.
    """
    if _SQLITE.search(message.split(" (code ", maxsplit=1)[0]) and "SQLITE_FULL" not in message:
        return None
    if _DAILY.search(message):
        now = now or datetime.now(UTC)
        midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
        advice = f"Wait until {midnight:%Y-%m-%d %H:%M} UTC, or upgrade the account's Workers plan"
        wait = (midnight - now).total_seconds()
        return DailyLimitReached(f"{_sentence(message)} {advice}", code=code, status=status, retry_after=wait)
    if (code == TOO_MANY_DATABASES or _FULL.search(message)) and not _RESTORES.search(message):  # that one ends soon
        advice = "Waiting does not help: delete rows or databases that you do not need, or raise the account's limit"
        return LimitReached(f"{_sentence(message)} {advice}", code=code, status=status)
    if _OVERLOADED.search(message):
        advice = "The database has more queries than it can answer: run fewer at a time"
        return Overloaded(f"{_sentence(message)} {advice}", code=code, status=status, retry_after=retry_after)
    if _TOO_LARGE.search(message):
        advice = "D1 returns at most 50 MB: read fewer rows or columns at a time"
        return ResultTooLarge(f"{_sentence(message)} {advice}", code=code, status=status)
    return None


def service_failed(message: str) -> bool:
    """Return whether a message is about a failure of the service, which also comes with the code of refused SQL."""
    return not _SQLITE.search(message) and _SERVICE_FAILED.search(message) is not None


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
        OutcomeUnknown: It is missing, empty or not a text.
    """
    if not (value := optional_text(parse_object(result), name)):
        raise OutcomeUnknown(f"Cloudflare's answer has no text '{name}'")
    return value


def optional_text(values: dict[str, Any], name: str) -> str:
    """Return the text with this name; empty if it is missing or null.

    Raises:
        OutcomeUnknown: It is not a text.
    """
    value = values.get(name)
    if value is not None and not isinstance(value, str):
        raise OutcomeUnknown(f"Cloudflare's answer has no text '{name}', but a {type(value).__name__}")
    return value or ""


def is_number(value: Any) -> TypeGuard[int]:
    """Return whether a value is an integer of a size that D1 has."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63


def is_bookmark(value: Any) -> TypeGuard[str]:
    """Return whether a value may be a bookmark, which commands print: letters, digits and dashes."""
    return isinstance(value, str) and _BOOKMARK.fullmatch(value) is not None


def _parse_json(body: bytes) -> Any:
    try:
        text = body.decode()
        value = json.loads(text, parse_constant=_refuse_constant)
        if "\\ud" in text or "\\uD" in text:  # half of a character, which nothing could print or store
            json.dumps(value, ensure_ascii=False).encode()
    except (RecursionError, MemoryError):
        raise OutcomeUnknown("Cloudflare's answer is nested too deeply to be read") from None
    except ValueError as error:
        raise OutcomeUnknown(f"Cloudflare's answer is not valid JSON: {one_line(str(error))}") from None
    return value


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")


def _format_errors(errors: list[_Error]) -> str:
    return one_line("; ".join(map(str, errors)))


def _errors(envelope: Any) -> list[_Error]:
    """Return the errors of an envelope; none if it is not the envelope of a failure."""
    listed = envelope.get("errors") if isinstance(envelope, dict) and envelope.get("success") is False else None
    items = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    return [
        _Error(code, one_line(message if isinstance(message := item.get("message"), str) else ""))
        for item in items
        if is_number(code := item.get("code"))
    ]


def _sentence(message: str) -> str:
    return f"{message.rstrip('.')}."


def _error_class(status: int, code: int, message: str) -> type[ApiError]:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _TIMED_OUT or service_failed(message):
        return OutcomeUnknown
    if status == HTTPStatus.TOO_MANY_REQUESTS or message.startswith(_BUSY):
        return TryLater
    if (status, code) == (HTTPStatus.BAD_REQUEST, SQL_REFUSED):
        return SqlRefused
    if (status, code) == (HTTPStatus.NOT_FOUND, NOT_FOUND):
        return NotFound
    if code == OTHER_ACCOUNT or status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return Unauthorized
    return ApiError


def _seconds(retry_after: str) -> float | None:
    """Return the seconds of a Retry-After header, a number or a date (RFC 9110), or None if it is neither."""
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError, OverflowError, IndexError):
            return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER) if math.isfinite(seconds) else None
