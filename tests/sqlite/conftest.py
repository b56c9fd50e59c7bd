"""The real D1 engine, started once by each worker that needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sqlite import service

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def real_engine() -> Iterator[service.Service]:
    """The engine, to take fresh databases from."""
    with service.serving() as engine:
        yield engine
