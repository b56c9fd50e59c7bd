"""The endpoints that run SQL: `query` returns rows as objects, `raw` as arrays.

Shapes are those of Cloudflare's API reference, and of answers of the service that users have published.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from d1_emulator.api import envelope, splitter
from d1_emulator.api.call import DATABASE
from d1_emulator.api.json_object import JsonObject, json_type, without_lone_surrogates
from d1_emulator.api_errors import Malformed, StatementRefused
from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite.execute import Query, SQLValue
from pulumi_d1.sqlite.statements import split

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from d1_emulator.api.call import Call, Routes
    from pulumi_d1.sqlite.execute import StatementResult

_SAFE_INTEGERS: Final = range(-(2**53), 2**53 + 1)
_MAX_PLAIN_NUMBER: Final = 1e21  # JavaScript writes larger ones with an exponent


def read_queries(body: bytes) -> tuple[Query, ...]:
    """Read the body of a request: `sql` with optional `params`, or a `batch` of such objects."""
    given = JsonObject.parse(body)
    if "batch" not in given.values:
        return (_query(given),)
    if "sql" in given.values:
        raise Malformed("The request is malformed: sql and batch cannot be given together")
    batch = given.children("batch")
    if not batch:
        raise given.problem("batch", "Array must contain at least 1 element(s)")
    return tuple(map(_query, batch))


def _query(given: JsonObject) -> Query:
    sql = given.text("sql")
    if given.values.get("params") is None:
        return Query(sql)
    params = given.array("params")
    if params and len(split(sql)) > 1:
        raise Malformed("The request is malformed: params with multiple statements is not supported")
    return Query(sql, tuple(_param(given, f"params[{index}]", value) for index, value in enumerate(params)))


def _param(given: JsonObject, name: str, value: object) -> SQLValue:
    """Turn a JSON value into SQLite's. Every number becomes a REAL, because D1 binds JavaScript's numbers."""
    if isinstance(value, int):
        try:
            return float(value)
        except OverflowError:
            raise given.problem(name, "Number out of range") from None
    if isinstance(value, str):
        return without_lone_surrogates(value)
    if value is None or isinstance(value, float):
        return value
    raise given.problem(name, f"Expected string, received {json_type(value)}")


def meta(result: StatementResult, size_after: int, region: str) -> dict[str, Any]:
    """Return the `meta` of a statement's result."""
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


def json_value(value: SQLValue) -> Any:
    """Turn a SQL value into D1's JSON for it.

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
    return int(Decimal(repr(value))) if value.is_integer() and abs(value) < _MAX_PLAIN_NUMBER else value


def _objects(result: StatementResult) -> list[dict[str, Any]]:
    """Return each row as an object; of columns with the same name only the last remains."""
    return [dict(zip(result.columns, map(json_value, row), strict=True)) for row in result.rows]


def _arrays(result: StatementResult) -> dict[str, Any]:
    rows = [[json_value(value) for value in row] for row in result.rows]
    return {"columns": list(result.columns), "rows": rows}


def query(call: Call) -> Response:
    """POST: run SQL; rows as objects."""
    return _run(call, _objects)


def raw(call: Call) -> Response:
    """POST: run SQL; rows as arrays."""
    return _run(call, _arrays)


def _run(call: Call, rows: Callable[[StatementResult], object]) -> Response:
    queries = read_queries(call.body)
    database = call.readable_database
    try:
        outcome = database.run(
            splitter.cut(queries) if call.strict_splitter else queries, call.registry.limits.of_query
        )
    except SqlError as error:
        raise StatementRefused(error) from error
    region = call.region
    return envelope.success(
        [
            {"results": rows(result), "success": True, "meta": meta(result, outcome.size_after, region)}
            for result in outcome.results
        ]
    )


ROUTES: Final[Routes] = {
    DATABASE + "/query": {"POST": query},
    DATABASE + "/raw": {"POST": raw},
}
