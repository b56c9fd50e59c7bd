"""The example project in a folder of its own, and an emulator."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from d1_emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN, serving
from pulumi_d1.cloudflare.client import make_client
from tests.support.cli_project import Project
from tests.support.paths import EXAMPLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    folder = tmp_path / "project"
    shutil.copytree(EXAMPLE, folder)
    with serving(tmp_path / "emulator") as address:
        environment = {
            **os.environ,
            "CLOUDFLARE_BASE_URL": address.base_url,
            "CLOUDFLARE_ACCOUNT_ID": DEFAULT_ACCOUNT_ID,
            "CLOUDFLARE_API_TOKEN": DEFAULT_TOKEN,
        }
        yield Project(folder, environment, make_client(DEFAULT_TOKEN, base_url=address.base_url))
