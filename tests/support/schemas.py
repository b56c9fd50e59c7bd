"""Schemas from scripts."""

from __future__ import annotations

from typing import Final

from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import open_database

ALL_KINDS: Final = """
    CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL DEFAULT '', twice AS (id * 2));
    CREATE TABLE "odd ""name" (a, b, PRIMARY KEY (b, a)) WITHOUT ROWID;
    CREATE TABLE pets (owner INTEGER REFERENCES people (id) ON DELETE SET NULL, toy REFERENCES pets (rowid));
    CREATE UNIQUE INDEX by_name ON people (name) WHERE name <> '';
    CREATE VIEW named AS SELECT name FROM people;
    CREATE TRIGGER gone AFTER DELETE ON people BEGIN DELETE FROM pets WHERE owner = old.id; END;
    CREATE VIRTUAL TABLE notes USING fts5(title, body);
"""


def of(script: str) -> schema.Schema:
    """Return the schema that a script creates."""
    connection = open_database(":memory:")
    run_script(connection, script)
    return schema.read(connection)
