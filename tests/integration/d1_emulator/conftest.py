"""Clients of a running emulator, over real sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest
from cloudflare import Cloudflare

from d1_emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def http(base_url: str) -> Iterator[httpx.Client]:
    """A plain HTTP client with the right token; paths are relative to the account's D1."""
    headers = {"Authorization": f"Bearer {DEFAULT_TOKEN}"}
    with httpx.Client(base_url=f"{base_url}/accounts/{DEFAULT_ACCOUNT_ID}/d1", headers=headers) as client:
        yield client


@pytest.fixture(scope="session")
def sdk(base_url: str) -> Iterator[Cloudflare]:
    """The official client."""
    with Cloudflare(api_token=DEFAULT_TOKEN, base_url=base_url, max_retries=0) as client:
        yield client


@pytest.fixture
def database(http: httpx.Client) -> str:
    """The uuid of a new database."""
    answer = http.post("/database", json={"name": f"db-{uuid4().hex}"}).json()
    return str(answer["result"]["uuid"])
