"""Cloudflare's envelope around each answer."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from d1_emulator.api_errors import RequestError, StatementRefused


def success(result: Any, *, status: int = 200, **extra: Any) -> Response:
    """Return an answer with a result; `extra` are further properties of the envelope, such as `result_info`."""
    return plain({"result": result, "success": True, "errors": [], "messages": [], **extra}, status)


def failure(error: RequestError) -> Response:
    """Return the answer for an error."""
    return plain(
        {
            "result": [] if isinstance(error, StatementRefused) else None,
            "success": False,
            "errors": [{"code": error.code, "message": str(error)}],
            "messages": [],
        },
        error.status,
    )


def plain(document: dict[str, Any], status: int = 200) -> Response:
    """Return an answer with JSON that is not in the envelope."""
    body = json.dumps(document, allow_nan=False, separators=(",", ":")).encode()
    return Response(body, status, media_type="application/json")
