"""Writes responses: Cloudflare's envelope around every answer, and SQL values as the JSON that D1 makes of them.

Shapes are those of Cloudflare's API reference, and of answers of the service that users have published.
"""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from d1_emulator.errors import ApiError, SqlRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from d1_emulator.databases.database import Outcome, Size
    from d1_emulator.databases.record import Record
    from pulumi_d1.sqlite.execute import SQLValue, StatementResult

_SAFE_INTEGERS: Final = range(-(2**53), 2**53 + 1)
_LARGEST_PLAIN_NUMBER: Final = 1e21  # JavaScript writes larger ones with an exponent


def success(result: Any, *, status: int = 200, **extra: Any) -> Response:
    """Answer with a result; `extra` are further properties of the envelope, such as `result_info`."""
    return plain({"result": result, "success": True, "errors": [], "messages": [], **extra}, status)


def failure(error: ApiError) -> Response:
    """Answer with an error."""
    return plain(
        {
            "result": [] if isinstance(error, SqlRefused) else None,
            "success": False,
            "errors": [{"code": error.code, "message": str(error)}],
            "messages": [],
        },
        error.status,
    )


def database(record: Record, size: Size, fields: Sequence[str]) -> dict[str, Any]:
    """Write a database, with the fields that were asked for."""
    values = {
        "uuid": record.uuid,
        "name": record.name,
        "created_at": record.created_at,
        "version": "production",
        "num_tables": size.num_tables,
        "file_size": size.file_size,
        "running_in_region": record.region,
        "read_replication": {"mode": record.replication},
        "jurisdiction": record.jurisdiction,
    }
    return {field: values[field] for field in fields}


def database_item(record: Record) -> dict[str, Any]:
    """Write a database as an item of a list, which says less of it."""
    return {
        "uuid": record.uuid,
        "name": record.name,
        "version": "production",
        "created_at": record.created_at,
        "jurisdiction": record.jurisdiction,
    }


def query_results(outcome: Outcome, region: str) -> list[dict[str, Any]]:
    """Write what statements gave, each row an object. Of columns with the same name the last one stays."""
    return [
        {
            "results": [dict(zip(result.columns, map(json_value, row), strict=True)) for row in result.rows],
            "success": True,
            "meta": meta(result, outcome.size_after, region),
        }
        for result in outcome.results
    ]


def raw_results(outcome: Outcome, region: str) -> list[dict[str, Any]]:
    """Write what statements gave, each row an array beside the names of the columns."""
    return [
        {
            "results": {
                "columns": list(result.columns),
                "rows": [[json_value(value) for value in row] for row in result.rows],
            },
            "success": True,
            "meta": meta(result, outcome.size_after, region),
        }
        for result in outcome.results
    ]


def json_value(value: SQLValue) -> Any:
    """Turn a SQL value into what D1's JSON has for it.

    D1's values pass through JavaScript: integers beyond 2**53 lose digits, 1.0 is 1, infinity is null, and a blob is
    an array of byte numbers.
    """
    if isinstance(value, bytes):
        return list(value)
    if isinstance(value, float):
        return _javascript_number(value) if math.isfinite(value) else None
    if isinstance(value, int) and value not in _SAFE_INTEGERS:
        return _javascript_number(float(value))
    return value


def _javascript_number(value: float) -> int | float:
    # Decimal(repr()) keeps JavaScript's shortest digits: 2**63 is written 9223372036854776000.
    return int(Decimal(repr(value))) if value.is_integer() and abs(value) < _LARGEST_PLAIN_NUMBER else value


def meta(result: StatementResult, size_after: int, region: str) -> dict[str, Any]:
    """Write what is known of a statement beside its rows."""
    return {
        "served_by": "d1-emulator",
        "served_by_region": region,
        "served_by_primary": True,
        "timings": {"sql_duration_ms": result.duration_ms},
        "duration": result.duration_ms,
        "changes": result.changes,
        "last_row_id": result.last_row_id,
        "changed_db": result.changed_db,
        "size_after": size_after,
        "rows_read": result.rows_read,
        "rows_written": result.rows_written,
    }


def plain(document: dict[str, Any], status: int = 200) -> Response:
    """Answer with JSON that is not in the envelope."""
    body = json.dumps(document, allow_nan=False, separators=(",", ":")).encode()
    return Response(body, status, media_type="application/json")
