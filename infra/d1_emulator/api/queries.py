"""Reads the body of a request for SQL: statements and their parameters. Pure; every refusal is a `Malformed`."""

from __future__ import annotations

from typing import Any

from d1_emulator.api import bodies
from d1_emulator.errors import Malformed
from pulumi_d1.sqlite.execute import Query, SQLValue
from pulumi_d1.sqlite.statements import split


def read(body: bytes) -> tuple[Query, ...]:
    """Read the body of a query request: `sql` with optional `params`, or a `batch` of such."""
    document = bodies.document(body)
    if "batch" not in document:
        return (_query(document, ""),)
    if "sql" in document:
        raise Malformed("The request is malformed: sql and batch cannot be given together")
    batch = document["batch"]
    if not isinstance(batch, list):
        raise Malformed.at("batch", f"Expected array, received {bodies.kind(batch)}")
    if not batch:
        raise Malformed.at("batch", "Array must contain at least 1 element(s)")
    for index, item in enumerate(batch):
        if not isinstance(item, dict):
            raise Malformed.at(f"batch[{index}]", f"Expected object, received {bodies.kind(item)}")
    return tuple(_query(item, f"batch[{index}].") for index, item in enumerate(batch))


def _query(item: dict[str, Any], where: str) -> Query:
    sql = bodies.text(item, "sql", where)
    params = item.get("params")
    if params is None:
        return Query(sql)
    if not isinstance(params, list):
        raise Malformed.at(f"{where}params", f"Expected array, received {bodies.kind(params)}")
    if params and len(split(sql)) > 1:
        raise Malformed("The request is malformed: params with multiple statements is not supported")
    return Query(sql, tuple(_param(value, f"{where}params[{index}]") for index, value in enumerate(params)))


def _param(value: object, where: str) -> SQLValue:
    """Turn a JSON value into SQLite's. Every number is a REAL, as D1's are: it binds the numbers of JavaScript."""
    if isinstance(value, int):
        try:
            return float(value)
        except OverflowError:
            raise Malformed.at(where, "Number out of range") from None
    if isinstance(value, str):
        return bodies.without_lone_surrogates(value)
    if value is None or isinstance(value, float):
        return value
    raise Malformed.at(where, f"Expected string, received {bodies.kind(value)}")
