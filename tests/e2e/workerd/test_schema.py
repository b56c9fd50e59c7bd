"""The types of `d1 schema --types typescript`, compared with the values that the real D1 engine returns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pulumi_d1.reports.schema_sql import schema_sql
from pulumi_d1.reports.schema_typescript import schema_typescript
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import open_database
from pulumi_d1.sqlite.statements import split
from tests.support.schemas import ALL_KINDS, of

if TYPE_CHECKING:
    from tests.support.workerd import Service

TABLES = """
    CREATE TABLE t (
      id INTEGER PRIMARY KEY, name TEXT NOT NULL, size REAL NOT NULL, image BLOB NOT NULL, active BOOLEAN NOT NULL,
      made DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, price DECIMAL(10, 2) NOT NULL, role TEXT NOT NULL
      CHECK (role IN ('admin', 'guest')), note TEXT, twice INTEGER AS (id * 2), anything
    );
    CREATE VIEW v AS SELECT id, name, count(*) AS rows_, max(size) AS largest, NULL AS missing FROM t;
"""
ROW = """
    INSERT INTO t (id, name, size, image, active, price, role, anything)
    VALUES (1, 'a', 2.5, x'0102', TRUE, '9.90', 'guest', x'03'), (2, 'b', 1, x'', FALSE, 'n/a', 'admin', 7)
"""
LINE = re.compile(r'  "?(.+?)"?: (.+);')


def kind(value: object) -> str:
    """Return the TypeScript type of a value in JSON."""
    if value is None:
        return "null"
    if isinstance(value, list):
        return "number[]"
    return "string" if isinstance(value, str) else "number"


def test_each_value_has_the_type_of_its_column(real_engine: Service) -> None:
    connection = open_database(":memory:")
    run_script(connection, TABLES)
    types = dict(LINE.findall(schema_typescript(schema.read(connection), schema.view_columns(connection))))
    database = real_engine.new()
    database(tuple({"sql": statement.text} for statement in split(TABLES)))
    checked = 0
    for query in (ROW + "RETURNING *", "SELECT * FROM v"):
        result = database(({"sql": query},))[-1]
        for row in result.rows:
            for column, value in zip(result.columns, row, strict=True):
                allowed = types[column].split(" | ")
                assert kind(value) in allowed or f'"{value}"' in allowed, column
                checked += 1
    assert checked == 2 * 11 + 5
    assert types["role"] == '"admin" | "guest"'


def test_the_sql_creates_the_same_schema_on_d1(real_engine: Service) -> None:
    texts = []
    for script in (ALL_KINDS, schema_sql(of(ALL_KINDS))):
        database = real_engine.new()
        database(tuple({"sql": statement.text} for statement in split(script)))
        texts.append(sorted(database(({"sql": schema.SELECT},))[-1].rows))
    assert texts[0] == texts[1]
