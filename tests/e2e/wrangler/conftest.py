"""The account of a test's wrangler."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest

from d1_emulator.server import DEFAULT_TOKEN
from tests.support.http_account import HttpAccount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.wrangler import Wrangler


@pytest.fixture
def cloud(base_url: str, account: str) -> Iterator[HttpAccount]:
    """The account of this test's wrangler."""
    headers = {"Authorization": f"Bearer {DEFAULT_TOKEN}"}
    with httpx.Client(base_url=f"{base_url}/accounts/{account}/d1", headers=headers) as http:
        yield HttpAccount(http)


@pytest.fixture
def shop(cloud: HttpAccount, wrangler: Wrangler) -> str:
    """The uuid of the empty database `shop`, the binding DB in wrangler's configuration."""
    uuid = cloud.create("shop")
    wrangler.write(
        "wrangler.toml",
        f'name = "shop"\n\n[[d1_databases]]\nbinding = "DB"\ndatabase_name = "shop"\ndatabase_id = "{uuid}"\n',
    )
    return uuid


@pytest.fixture
def unknown() -> str:
    """A uuid without a database."""
    return str(uuid4())
