"""What a database holds, down to type and byte, and an account to copy in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.copying.copy import Copied, copy
from pulumi_d1.copying.reading import Names
from pulumi_d1.sqlite.statements import quoted

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.account import Account
    from pulumi_d1.cloudflare.database import D1Api
    from pulumi_d1.migrations.live import Source

NAMES = Names("shop-db-dev", "shop-db-pr-1", "d1_migrations")
SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT GLOB '_cf_*' ORDER BY type, name"


@dataclass
class Cloud:
    """An account, and what was said while databases were copied.

    Attributes:
        account: whose databases they are.
        said: every line.
    """

    account: Account
    said: list[str] = field(default_factory=list)

    def new(self, *scripts: str) -> D1Api:
        """A database of any name in which the scripts ran."""
        made = self.account.create(f"db-{uuid4()}")
        for script in scripts:
            made.import_script(script)
        return made

    def copy(self, source: D1Api, target: D1Api, names: Names = NAMES) -> Copied:
        return copy(source, target, names, say=self.said.append, retry=Retry(self.said.append, lambda _: None))


def holdings(database: Source) -> dict[str, Any]:
    """The schema, and every value with its type as hexadecimal digits; rowids too, where there are any."""
    objects = database.read(SCHEMA)
    found: dict[str, Any] = {"": [row for row in objects if not row["name"].startswith("sqlite_")]}
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
        found[name] = sorted(map(repr, database.read(f"SELECT {wanted} FROM {quoted(name)}")))
    return found


def _parts(column: str, number: int) -> list[str]:
    """Type and digits of a value, in parts: the digits of D1's longest value are longer than D1 lets any value be."""
    value, step = f"CAST({quoted(column)} AS BLOB)", 400_000
    first, *others = (f"hex(substr({value}, {part * step + 1}, {step}))" for part in range(number))
    return [f"typeof({quoted(column)}) || {first}", *others]
