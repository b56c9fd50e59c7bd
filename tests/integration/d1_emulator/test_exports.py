"""Exports over HTTP, and their dump, which must load again for every content of a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest

from d1_emulator.server import DEFAULT_TOKEN, serving
from d1_emulator.transfers.dump import DumpOptions, DumpRefused, dump
from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import open_database

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import apsw

    from pulumi_d1.sqlite.execute import SQLValue

VALUES = [
    None,
    0,
    -(2**63),
    2**63 - 1,
    1.0,
    0.1,
    -2.5e-7,
    1e300,
    float("inf"),
    float("-inf"),
    "",
    "it's",
    "a\nb\r\nc\rd",
    "a\\nb\nc",
    "nul\0here",
    "\N{GRINNING FACE} é \ufeff",
    "1",
    b"",
    b"\x00\xff'",
]
SCHEMAS = {
    "quoted names": """
        CREATE TABLE "a ""b"" c" ("x y" TEXT, [select] INT, `back``tick` BLOB);
        INSERT INTO "a ""b"" c" VALUES ('v', 1, x'01');
    """,
    "names that differ in letters beyond ASCII": """
        CREATE TABLE "Ä" (a INTEGER PRIMARY KEY, "Ö", "ö"); CREATE TABLE "ä" (b REFERENCES "Ä" (a));
        CREATE INDEX "Ü" ON "Ä" ("Ö"); CREATE INDEX "ü" ON "ä" (b);
        INSERT INTO "Ä" VALUES (1, 2, 3); INSERT INTO "ä" VALUES (1), (1);
    """,
    "without rowid": "CREATE TABLE t (a TEXT PRIMARY KEY, b) WITHOUT ROWID; INSERT INTO t VALUES ('x', 1), ('y', 2)",
    "strict": "CREATE TABLE t (a ANY, b REAL) STRICT; INSERT INTO t VALUES (1, 2), ('1', 3.0)",
    "generated columns": """
        CREATE TABLE t (a INT, b AS (a * 2), c INT AS (a + 1) STORED, d INT);
        INSERT INTO t (a, d) VALUES (1, 2), (3, 4);
    """,
    "references to earlier tables and to itself": """
        CREATE TABLE parent (id INTEGER PRIMARY KEY, next REFERENCES parent(id));
        CREATE TABLE child (id INTEGER PRIMARY KEY, parent REFERENCES parent(id));
        INSERT INTO parent VALUES (2, NULL), (1, 2);
        INSERT INTO child VALUES (1, 1);
    """,
    "triggers that would change rows": """
        CREATE TABLE t (a); CREATE TABLE log (a);
        CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES (CASE WHEN 1 THEN ';' END); END;
        INSERT INTO t VALUES (1);
    """,
    "views and their triggers": """
        CREATE TABLE t (a); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW aa AS SELECT a FROM v;
        CREATE TRIGGER tr INSTEAD OF INSERT ON V BEGIN INSERT INTO t VALUES (NEW.a); END;
        INSERT INTO v VALUES (1);
    """,
    "sequences": """
        CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT); CREATE TABLE u (id INTEGER PRIMARY KEY AUTOINCREMENT);
        INSERT INTO t VALUES (7); DELETE FROM t;
    """,
    "statistics": """
        CREATE TABLE t (a, b); CREATE INDEX i ON t(a); CREATE UNIQUE INDEX j ON t(b) WHERE b > 0;
        INSERT INTO t VALUES (1, 2), (1, 3); ANALYZE;
    """,
    "nothing": "SELECT 1",
}


def content(connection: apsw.Connection) -> dict[str, Any]:
    """Return everything in a database: its schema, and the rows of each table, with the types of their values."""
    everything: dict[str, Any] = {
        "schema": connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").fetchall()
    }
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        quoted = str(name).replace('"', '""')
        rows = connection.execute(f'SELECT * FROM "{quoted}"').fetchall()
        everything[str(name)] = [[(type(value), value) for value in row] for row in rows]
    return everything


def dumped(connection: apsw.Connection, options: DumpOptions | None = None) -> str:
    return "\n".join(dump(connection, options or DumpOptions()))


def loaded(script: str) -> apsw.Connection:
    """Run a script under D1's rules, in one transaction, as an import does."""
    connection = open_database(":memory:")
    run_script(connection, script)
    return connection


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS.keys())
def test_a_dump_loads_again_as_the_same_database(schema: str) -> None:
    original = loaded(schema)
    script = dumped(original)
    assert content(loaded(script)) == content(original)
    assert dumped(loaded(script)) == script


def test_rows_that_refer_to_a_later_table_do_not_load_again() -> None:
    original = loaded("""
        CREATE TABLE child (parent REFERENCES parent(id)); CREATE TABLE parent (id INTEGER PRIMARY KEY);
        INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1);
    """)
    script = dumped(original)
    assert script.splitlines()[1:] == [
        "CREATE TABLE child (parent REFERENCES parent(id));",
        'INSERT INTO "child" ("parent") VALUES(1);',
        "CREATE TABLE parent (id INTEGER PRIMARY KEY);",
        'INSERT INTO "parent" ("id") VALUES(1);',
    ]
    with pytest.raises(SqlError, match=r"^no such table: main\.parent: SQLITE_ERROR$"):
        loaded(script)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_keeps_its_type_and_all_of_its_digits(value: SQLValue) -> None:
    original = loaded("CREATE TABLE t (a)")
    original.execute("INSERT INTO t VALUES (?)", (value,))
    assert content(loaded(dumped(original))) == content(original)


def test_a_quoted_table_is_created_only_if_it_does_not_exist() -> None:
    script = dumped(loaded("CREATE TABLE \"q\" (a); CREATE TABLE 'r' (a); CREATE TABLE s (a)"))
    assert script.splitlines()[1:] == [
        'CREATE TABLE IF NOT EXISTS "q" (a);',
        "CREATE TABLE IF NOT EXISTS 'r' (a);",
        "CREATE TABLE s (a);",
    ]


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        (DumpOptions(data=False), ["CREATE TABLE t (a);", "CREATE TABLE u (a);", "CREATE INDEX i ON t(a);"]),
        (DumpOptions(schema=False), ['INSERT INTO "t" ("a") VALUES(1);', 'INSERT INTO "u" ("a") VALUES(2);']),
        (DumpOptions(schema=False, data=False), []),
        (DumpOptions(tables=frozenset({"t"})), ["CREATE TABLE t (a);", 'INSERT INTO "t" ("a") VALUES(1);']),
        (DumpOptions(data=False, tables=frozenset({"t", "i"})), ["CREATE TABLE t (a);", "CREATE INDEX i ON t(a);"]),
        (DumpOptions(tables=frozenset({"nowhere"})), []),
    ],
)
def test_options_leave_things_out(options: DumpOptions, lines: Sequence[str]) -> None:
    database = loaded(
        "CREATE TABLE t (a); CREATE TABLE u (a); CREATE INDEX i ON t(a);"
        "INSERT INTO t VALUES (1); INSERT INTO u VALUES (2)"
    )
    assert dumped(database, options).splitlines() == ["PRAGMA defer_foreign_keys=TRUE;", *lines]


def test_a_virtual_table_is_refused_even_if_only_the_schema_is_dumped() -> None:
    database = loaded("CREATE TABLE t (a); create virtual table f using fts5(a)")
    with pytest.raises(DumpRefused, match=r"^D1 Export error: cannot export databases with Virtual Tables \(fts5\)$"):
        dumped(database, DumpOptions(data=False))
    assert dumped(database, DumpOptions(tables=frozenset({"t"}))).endswith("CREATE TABLE t (a);")


def export(http: httpx.Client, database: str, **body: object) -> httpx.Response:
    return http.post(f"/database/{database}/export", json={"output_format": "polling", **body})


def test_an_export_is_fetched_without_a_token(http: httpx.Client, database: str) -> None:
    http.post(f"/database/{database}/query", json={"sql": "CREATE TABLE t (a); INSERT INTO t VALUES ('\r\n')"})
    bookmark = http.get(f"/database/{database}/time_travel/bookmark").json()["result"]["bookmark"]
    answer = export(http, database)
    state = answer.json()["result"]
    result = state.pop("result")
    assert answer.status_code == 200
    assert state == {
        "type": "export",
        "success": True,
        "status": "complete",
        "at_bookmark": bookmark,
        "messages": [],
    }
    assert result["filename"] == f"{database}-{bookmark}.sql"
    file = httpx.get(result["signed_url"])
    assert (file.status_code, result["filename"] in file.headers["content-disposition"]) == (200, True)
    assert "_cf_KV" not in file.text
    assert file.text.endswith("(\"a\") VALUES(replace(replace('\\r\\n','\\r',char(13)),'\\n',char(10)));\n")
    assert httpx.get(result["signed_url"] + "x").status_code == 403


def test_a_poll_without_an_export_is_an_error(http: httpx.Client, database: str) -> None:
    state = export(http, database, current_bookmark="00000001").json()["result"]
    assert (state["success"], state["error"]) == (False, "Not currently exporting anything.")


def test_a_virtual_table_is_an_error_of_the_export(http: httpx.Client, database: str) -> None:
    http.post(f"/database/{database}/query", json={"sql": "CREATE VIRTUAL TABLE f USING fts5(a)"})
    state = export(http, database).json()["result"]
    assert (state["success"], state["status"]) == (True, "error")
    assert state["error"] == "D1 Export error: cannot export databases with Virtual Tables (fts5)"
    assert "result" not in state


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "Invalid property: output_format => Required"),
        ({"output_format": "file"}, "Invalid enum value. Expected 'polling', received 'file'"),
        ({"output_format": "polling", "dump_options": []}, "dump_options => Expected object, received array"),
        ({"output_format": "polling", "dump_options": {"tables": ["t", 1]}}, "dump_options.tables => Expected array"),
        ({"output_format": "polling", "dump_options": {"no_data": 1}}, "no_data => Expected boolean, received number"),
        ({"output_format": "polling", "current_bookmark": 1}, "current_bookmark => Expected string, received number"),
    ],
)
def test_a_malformed_request_is_error_7400(
    http: httpx.Client, database: str, body: dict[str, object], text: str
) -> None:
    answer = http.post(f"/database/{database}/export", json=body)
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == (400, 7400)
    assert text in error["message"]


def test_metrics_are_answered_in_the_envelope_of_graphql(http: httpx.Client, base_url: str) -> None:
    body = {"query": "query { viewer { accounts { d1QueriesAdaptiveGroups { sum { rowsRead } } } } }"}
    answer = http.post(f"{base_url}/graphql", json=body).json()
    assert answer == {"data": {"viewer": {"accounts": [{"d1QueriesAdaptiveGroups": []}]}}, "errors": None}
    answer = http.post(f"{base_url}/graphql", json={"query": "{ d1AnalyticsAdaptiveGroups }", "variables": {}}).json()
    assert answer["data"] is None
    assert "cannot parse the variables of d1AnalyticsAdaptiveGroups" in answer["errors"][0]["message"]
    refused = http.post(f"{base_url}/graphql", json={"variables": {}})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, 7400)


def test_files_of_an_earlier_run_are_gone(tmp_path: Path) -> None:
    for _ in range(2):
        with serving(tmp_path) as address, httpx.Client(headers={"Authorization": f"Bearer {DEFAULT_TOKEN}"}) as client:
            path = f"{address.base_url}/accounts/a/d1/database"
            uuid = client.post(path, json={"name": uuid4().hex}).json()["result"]["uuid"]
            client.post(f"{path}/{uuid}/export", json={"output_format": "polling"})
        assert len(list((tmp_path / ".transfers").iterdir())) == 1
