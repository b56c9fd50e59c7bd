"""kill -9 of the engine while Cloudflare creates the database: what is there then, and the way on."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from tests.support.emulator_process import client, exports, process, result
from tests.support.reliability.cells import Cell, Kind, Place
from tests.support.reliability.fleet import Fleet
from tests.support.reliability.processes import descendants, kill_providers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CELL = Cell("shop", Kind.SINGLE, Place.FIRST)


def test_a_database_whose_creation_nobody_saw_is_deleted_and_made_again(
    tmp_path: Path, engine_environment: Mapping[str, str]
) -> None:
    with process(tmp_path / "emulator") as emulator:
        variables = {**os.environ, **engine_environment, **exports(emulator)}
        with client(variables) as http:
            fleet = Fleet.make(tmp_path, variables, [CELL], http)
            fleet.arrange([{"fault": "latency", "ms": 5000, "when": "after", "endpoint": "create"}])
            with fleet.start_up() as up:
                while not (listed := result(http.get("/database"))):
                    assert up.poll() is None, up.communicate()
                    time.sleep(0.02)
                below = descendants(up.pid)
                up.kill()
                up.communicate()
            fleet.unlock()
            refused = fleet.up()
            assert refused.returncode != 0
            assert "A database with that name already exists (code 7502)" in refused.stdout, refused.stdout

            result(http.delete(f"/database/{listed[0]['uuid']}"))
            again = fleet.up()
            assert again.returncode == 0, again.stdout
            assert fleet.settled() == {CELL.name}
            assert fleet.wrong() == []
            assert "pending operations" not in again.stdout
            kill_providers(below)
