"""The ledger is wrangler's to the byte."""

import sqlite3
from contextlib import closing

from pulumi_d1.migrations import ledger

WRANGLERS_CREATE = (
    'CREATE TABLE IF NOT EXISTS "d1_migrations"(\n'
    "\t\tid         INTEGER PRIMARY KEY AUTOINCREMENT,\n"
    "\t\tname       TEXT UNIQUE,\n"
    "\t\tapplied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL\n"
    ");"
)
"""Recorded from the requests of wrangler 4.164.0, as are the texts below."""


def test_the_statements_are_wranglers_to_the_byte() -> None:
    assert ledger.create("d1_migrations") == WRANGLERS_CREATE
    assert ledger.select("d1_migrations") == 'SELECT *\n\t\tFROM "d1_migrations"\n\t\tORDER BY id'
    assert ledger.insert("d1_migrations", "0001_a.sql") == (
        "INSERT INTO \"d1_migrations\" (name)\nvalues ('0001_a.sql');"
    )


def test_names_with_quotes_survive() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        for sql in (ledger.create('my "table'), ledger.insert('my "table', "it's.sql")):
            database.execute(sql)
        assert database.execute(ledger.exists('My "TABLE')).fetchall() == [('my "table',)]
        assert [row[1] for row in database.execute(ledger.select('my "table'))] == ["it's.sql"]
