"""The account of a test's wrangler, over plain HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True)
class HttpAccount:
    """An account of the emulator.

    Attributes:
        http: A client with the token, whose paths are relative to the account's D1.
    """

    http: httpx.Client

    def create(self, name: str, sql: str = "") -> str:
        """Create a database, run SQL in it, and return its uuid."""
        uuid = str(self.http.post("/database", json={"name": name}).json()["result"]["uuid"])
        if sql:
            self.query(uuid, sql)
        return uuid

    def query(self, uuid: str, sql: str) -> list[dict[str, Any]]:
        """Run SQL that must succeed, and return the rows of its last statement."""
        answer = self.http.post(f"/database/{uuid}/query", json={"sql": sql})
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["result"][-1]["results"]
        return rows

    def tables(self, uuid: str) -> list[str]:
        """Return the names of the user's tables."""
        sql = (
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB '_cf_*' AND name NOT GLOB 'sqlite_*'"
        )
        return sorted(row["name"] for row in self.query(uuid, sql))

    def names(self) -> list[str]:
        """Return the names of all databases."""
        return [item["name"] for item in self.http.get("/database").json()["result"]]

    def bookmark(self, uuid: str) -> str:
        """Return the current bookmark of a database."""
        return str(self.http.get(f"/database/{uuid}/time_travel/bookmark").json()["result"]["bookmark"])
