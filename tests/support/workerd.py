"""Run the real D1 engine: databases of workerd, as in wrangler's local mode (tests/node/d1.mjs)."""

from __future__ import annotations

import itertools
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import httpx

from tests.support import node as clients
from tests.support.sqlite.transcript import Refused, Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sqlite.corpus import Batch
    from tests.support.sqlite.transcript import Database

_DATABASES: Final = 2_000  # more than the corpus has cases; unused ones cost nothing


class Service:
    """A running engine that provides empty databases."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._numbers = iter(range(_DATABASES))

    def new(self) -> Database:
        """Open a new, empty database."""
        number = next(self._numbers)
        return lambda batch: self._run(number, batch)

    def _run(self, database: int, batch: Batch) -> list[Result]:
        request = json.dumps({"database": database, "queries": batch})
        answer = self._http.post("/", content=request).raise_for_status().json()
        if "error" in answer:
            raise Refused(answer["error"])
        return [_result(result) for result in answer["results"]]


@contextmanager
def serving() -> Iterator[Service]:
    """Run the engine in the block."""
    with clients.running("d1.mjs", str(_DATABASES)) as process:
        line = "".join(itertools.islice(process.stdout or (), 1))
        assert line, "the real D1 engine did not start; its own output is above"
        with httpx.Client(base_url=json.loads(line)["url"], trust_env=False, timeout=60) as http:
            yield Service(http)


def _result(result: dict[str, Any]) -> Result:
    data, meta = result["data"], result["meta"]
    figures = (meta[name] for name in ("changes", "last_row_id", "rows_read", "size_after"))
    return Result(data["columns"], data["rows"], *figures)
