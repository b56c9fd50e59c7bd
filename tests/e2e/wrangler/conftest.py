"""The account of a test's wrangler."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest

from d1_emulator.server import DEFAULT_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.wrangler import Wrangler
from tests.support.account import Account


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
