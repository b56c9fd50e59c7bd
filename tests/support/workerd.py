"""The real D1 engine: databases of workerd, as wrangler's local mode has them. See tests/node/d1.mjs."""

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

_DATABASES: Final = 2_000  # more than the corpus has cases; those that nobody uses cost nothing


class Service:
    """A running engine, from which one fresh database after the other is taken."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._numbers = iter(range(_DATABASES))

    def new(self) -> Database:
        """Open a database that nobody has used."""
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
    """Run the engine until the block is left."""
    with clients.running("d1.mjs", str(_DATABASES)) as process:
        line = "".join(itertools.islice(process.stdout or (), 1))
        assert line, "the real D1 engine did not start; its own words are above"
        with httpx.Client(base_url=json.loads(line)["url"], trust_env=False, timeout=60) as http:
            yield Service(http)


def _result(result: dict[str, Any]) -> Result:
    data, meta = result["data"], result["meta"]
    return Result(data["columns"], data["rows"], meta["changes"], meta["last_row_id"])
