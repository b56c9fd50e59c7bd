"""An account with databases whose rows are read."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from d1_emulator.server import DEFAULT_TOKEN
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import make_client
from tests.support.copying import Cloud

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def cloud(base_url: str) -> Iterator[Cloud]:
    client = make_client(DEFAULT_TOKEN, base_url=base_url)
    yield Cloud(Account(client, uuid4().hex))
    client.pool.clear()
