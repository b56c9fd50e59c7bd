"""This project's engine, behind the emulator's own reading of requests and writing of values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from d1_emulator.api import queries
from d1_emulator.api.responses import json_value
from d1_emulator.errors import Malformed
from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite.execute import run_batch
from pulumi_d1.sqlite.sandbox import open_database
from tests.support.sqlite.transcript import Refused, Result

if TYPE_CHECKING:
    from tests.support.sqlite.corpus import Batch
    from tests.support.sqlite.transcript import Database


def new() -> Database:
    """Open an empty database."""
    connection = open_database(":memory:")

    def run(batch: Batch) -> list[Result]:
        try:
            results = run_batch(connection, queries.read(json.dumps({"batch": batch}).encode()))
        except (SqlError, Malformed) as error:
            raise Refused(str(error)) from error
        return [
            Result(
                list(result.columns),
                [[json_value(value) for value in row] for row in result.rows],
                result.changes,
                result.last_row_id,
            )
            for result in results
        ]

    return run
