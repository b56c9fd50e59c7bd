"""kill -9 of the engine while Cloudflare creates the database, and how to continue."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.emulator_process import client, exports, process, result
from tests.support.reliability.cell_stack import CellStack
from tests.support.reliability.cells import Cell, Kind, Place
from tests.support.reliability.processes import descendants, kill_providers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.thorough

CELL = Cell("shop", Kind.SINGLE, Place.FIRST)


def test_a_database_that_the_state_lacks_can_be_deleted_and_created_again(
    tmp_path: Path, engine_environment: Mapping[str, str]
) -> None:
    with process(tmp_path / "emulator") as emulator:
        variables = {**os.environ, **engine_environment, **exports(emulator)}
        with client(variables) as http:
            stack = CellStack.make(tmp_path, variables, [CELL], http)
            stack.arrange([{"fault": "latency", "ms": 5000, "when": "after", "endpoint": "create"}])
            with stack.start_up() as up:
                while not (listed := result(http.get("/database"))):
                    assert up.poll() is None, up.communicate()
                    time.sleep(0.02)
                below = descendants(up.pid)
                up.kill()
                up.communicate()
            stack.unlock()
            refused = stack.up()
            assert refused.returncode != 0
            assert '"code":7502,"message":"A database with that name already exists"' in refused.stdout, refused.stdout

            result(http.delete(f"/database/{listed[0]['uuid']}"))
            again = stack.up()
            assert again.returncode == 0, again.stdout
            assert stack.finished() == {CELL.name}
            assert stack.differences() == []
            assert "pending operations" not in again.stdout
            kill_providers(below)
