"""The account that a test's wrangler works on, as another client sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest

from emulator.server import DEFAULT_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.clients.wrangler import Wrangler


@dataclass(frozen=True)
class Account:
    """An account of the emulator, over plain HTTP.

    Attributes:
        http: bears the token; paths are relative to the account's D1.
    """

    http: httpx.Client

    def create(self, name: str, sql: str = "") -> str:
        """Make a database, run SQL in it, and give its uuid."""
        uuid = str(self.http.post("/database", json={"name": name}).json()["result"]["uuid"])
        if sql:
            self.query(uuid, sql)
        return uuid

    def query(self, uuid: str, sql: str) -> list[dict[str, Any]]:
        """Run SQL that must succeed, and give the rows of its last statement."""
        answer = self.http.post(f"/database/{uuid}/query", json={"sql": sql})
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["result"][-1]["results"]
        return rows

    def tables(self, uuid: str) -> list[str]:
        """Names of the user's tables."""
        sql = (
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB '_cf_*' AND name NOT GLOB 'sqlite_*'"
        )
        return sorted(row["name"] for row in self.query(uuid, sql))

    def names(self) -> list[str]:
        """Names of all databases."""
        return [item["name"] for item in self.http.get("/database").json()["result"]]

    def bookmark(self, uuid: str) -> str:
        """The current bookmark of a database."""
        return str(self.http.get(f"/database/{uuid}/time_travel/bookmark").json()["result"]["bookmark"])


@pytest.fixture
def cloud(base_url: str, account: str) -> Iterator[Account]:
    """The account of this test's wrangler."""
    headers = {"Authorization": f"Bearer {DEFAULT_TOKEN}"}
    with httpx.Client(base_url=f"{base_url}/accounts/{account}/d1", headers=headers) as http:
        yield Account(http)


@pytest.fixture
def shop(cloud: Account, wrangler: Wrangler) -> str:
    """Uuid of the empty database `shop`, which wrangler's configuration binds as DB."""
    uuid = cloud.create("shop")
    wrangler.write(
        "wrangler.toml",
        f'name = "shop"\n\n[[d1_databases]]\nbinding = "DB"\ndatabase_name = "shop"\ndatabase_id = "{uuid}"\n',
    )
    return uuid


@pytest.fixture
def unknown() -> str:
    """Uuid of no database at all."""
    return str(uuid4())
