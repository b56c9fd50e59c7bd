"""What tests of several folders use: an emulator, wrangler to speak to it, the real D1 engine, and Pulumi's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from d1_emulator.server import DEFAULT_TOKEN, environment, serving
from tests.support import installed
from tests.support import workerd as service
from tests.support.wrangler import Wrangler
from tools.engine import finder, scripts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where one emulator for the whole run listens; each test has databases, or an account, of its own."""
    with serving(tmp_path_factory.mktemp("state")) as address:
        yield address.base_url


@pytest.fixture
def account() -> str:
    """Id of an account that no other test uses."""
    return uuid4().hex


@pytest.fixture
def wrangler(tmp_path: Path, base_url: str, account: str) -> Wrangler:
    """The real wrangler, in an empty folder, with an empty account."""
    folder = tmp_path / "worker"
    folder.mkdir()
    return Wrangler.of(installed.binaries(), folder, tmp_path, environment(base_url, DEFAULT_TOKEN, account))


@pytest.fixture(scope="session")
def real_engine() -> Iterator[service.Service]:
    """The real D1 engine, to take fresh databases from; started once by each worker that needs it."""
    with service.serving() as engine:
        yield engine


@pytest.fixture(scope="session")
def engine_environment() -> dict[str, str]:
    """Variables that put the Pulumi engine on PATH."""
    engine = finder.find()
    assert engine is not None, "there is no Pulumi engine: run 'make engine'"
    variables = finder.environment(engine)
    # Also where Pulumi's own plugin is installed: these tests have a plugin folder of their own, and no network.
    return {**variables, "PATH": os.pathsep.join([str(scripts.provider_standin()), variables["PATH"]])}
