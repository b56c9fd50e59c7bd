"""Contents of a database, with the type and bytes of each value, and an account to copy in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.copying.copy import CopyNames, CopyResult, copy_database
from pulumi_d1.sqlite.statements import quoted

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.account import Account
    from pulumi_d1.cloudflare.database import D1Api
    from pulumi_d1.migrations.live import ReadableDatabase

NAMES = CopyNames("shop-db-dev", "shop-db-pr-1", "d1_migrations")
SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT GLOB '_cf_*' ORDER BY type, name"


@dataclass
class Cloud:
    """An account whose databases are copied."""

    account: Account

    def new(self, *scripts: str) -> D1Api:
        """Return a new database after the scripts ran in it."""
        database = self.account.create(f"db-{uuid4()}")
        for script in scripts:
            database.import_script(script)
        return database

    def copy(self, source: D1Api, target: D1Api, names: CopyNames = NAMES) -> CopyResult:
        return copy_database(source, target, names, retry=Retry(lambda _: None))


def holdings(database: ReadableDatabase) -> dict[str, Any]:
    """Return the schema and, by table, every value as its type and hexadecimal digits. Rowids are included."""
    objects = database.read(SCHEMA)
    contents: dict[str, Any] = {"": [row for row in objects if not row["name"].startswith("sqlite_")]}
    listed = {row["name"]: row for row in database.read("PRAGMA table_list")}
    for item in objects:
        if item["type"] != "table" or listed[item["name"]]["type"] == "shadow" or item["name"] == "sqlite_stat1":
            continue
        name = item["name"]
        columns = [row["name"] for row in database.read(f"PRAGMA table_xinfo({quoted(name)})") if row["hidden"] != 1]
        values = [part for column in columns for part in _parts(column, 5 if len(columns) < 10 else 1)]
        if not listed[name]["wr"] and "rowid" not in {column.lower() for column in columns} and len(values) < 100:
            values.append("rowid")
        wanted = ", ".join(f"{value} AS c{place}" for place, value in enumerate(values))
        contents[name] = sorted(map(repr, database.read(f"SELECT {wanted} FROM {quoted(name)}")))
    return contents


def _parts(column: str, number: int) -> list[str]:
    """Return SQL for a value's type and digits, in parts: the digits of D1's longest value exceed its limit."""
    value, step = f"CAST({quoted(column)} AS BLOB)", 400_000
    first, *others = (f"hex(substr({value}, {part * step + 1}, {step}))" for part in range(number))
    return [f"typeof({quoted(column)}) || {first}", *others]
