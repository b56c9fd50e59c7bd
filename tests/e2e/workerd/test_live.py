"""The one request for ledger and schema, on the real D1 engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.migrations import ledger
from pulumi_d1.sqlite import schema
from tests.support.runner import TARGET

if TYPE_CHECKING:
    from tests.support.workerd import Service

LEDGER = ledger.create(TARGET.table)


def test_the_real_engine_returns_the_same_rows(real_engine: Service) -> None:
    real = real_engine.new()
    real(({"sql": LEDGER}, {"sql": ledger.insert(TARGET.table, "0001_a.sql")}))
    [result] = real(({"sql": ledger.select_with_schema(TARGET.table)},))
    rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
    assert [row["name"] for row in rows if row["type"] is None] == ["0001_a.sql"]
    assert [item.name for item in schema.objects_from(row for row in rows if row["type"])] == [TARGET.table]
