"""An account whose databases are copied."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from d1_emulator.server import DEFAULT_TOKEN
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import make_client

if TYPE_CHECKING:
    from collections.abc import Iterator

from tests.support.copying import Cloud


@pytest.fixture(scope="module")
def cloud(base_url: str) -> Iterator[Cloud]:
    client = make_client(DEFAULT_TOKEN, base_url=base_url)
    yield Cloud(Account(client, uuid4().hex))
    client.pool.clear()
