"""Fixtures of several folders: an emulator, wrangler, the real D1 engine, and Pulumi's engine."""

from __future__ import annotations

import os
import shutil
import signal
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from d1_emulator.server import DEFAULT_TOKEN, environment, serving
from pulumi_d1.system.log import show_messages
from tests.support import installed
from tests.support import workerd as service
from tests.support.wrangler import Wrangler
from tools.engine import finder, scripts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts background processes with SIGINT ignored, and the processes of the tests would keep that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def messages() -> Iterator[list[str]]:
    """Return the list of messages that the package logs during the test."""
    lines: list[str] = []
    show_messages(lines.append)
    yield lines
    show_messages(lambda _: None)


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of the emulator for the whole run. Each test has its own databases or its own account."""
    with serving(tmp_path_factory.mktemp("state")) as address:
        yield address.base_url


@pytest.fixture
def account() -> str:
    """Return the id of an account that no other test uses."""
    return uuid4().hex


@pytest.fixture
def wrangler(tmp_path: Path, base_url: str, account: str) -> Wrangler:
    """Return the real wrangler, in an empty folder, with an empty account."""
    folder = tmp_path / "worker"
    folder.mkdir()
    return Wrangler.of(installed.binaries(), folder, tmp_path, environment(base_url, DEFAULT_TOKEN, account))


@pytest.fixture(scope="session")
def real_engine() -> Iterator[service.Service]:
    """Return the real D1 engine, which provides fresh databases; started once by each worker that needs it."""
    with service.serving() as engine:
        yield engine


@pytest.fixture(scope="session")
def engine_environment() -> dict[str, str]:
    """Return variables that put the Pulumi engine on PATH."""
    engine = finder.find()
    assert engine is not None, "there is no Pulumi engine: run 'make engine'"
    variables = finder.environment(engine)
    if shutil.which("pulumi-resource-cloudflare"):
        return variables
    # The stand-in comes before an installed plugin: these tests have their own plugin folder, and no network.
    return {**variables, "PATH": os.pathsep.join([str(scripts.write_provider_standin()), variables["PATH"]])}
