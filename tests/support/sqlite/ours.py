"""Run this project's engine through the emulator's own parsing of requests and encoding of values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from d1_emulator.api.sql_endpoints import json_value, read_queries
from d1_emulator.api_errors import Malformed
from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite.execute import run_batch
from pulumi_d1.sqlite.sandbox import open_database
from tests.support.sqlite.transcript import Refused, Result

if TYPE_CHECKING:
    from tests.support.sqlite.corpus import Batch
    from tests.support.sqlite.transcript import Database


def new() -> Database:
    """Open a new, empty database."""
    connection = open_database(":memory:")

    def run(batch: Batch) -> list[Result]:
        try:
            results = run_batch(connection, read_queries(json.dumps({"batch": batch}).encode()))
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
