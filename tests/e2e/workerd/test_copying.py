"""A copy reads from and writes to the real D1 engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_d1.cloudflare.database import QueryResult
from pulumi_d1.copying.copy import copy_database
from pulumi_d1.errors import SqlRefused
from pulumi_d1.sqlite.statements import split
from tests.support.copying import NAMES, holdings
from tests.support.copying_cases import CASES
from tests.support.sqlite.transcript import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from typing import BinaryIO

    from tests.support.sqlite.transcript import Database as Engine
    from tests.support.workerd import Service


@dataclass
class RealDatabase:
    """A database of the real engine with the methods that a copy uses. It has no Time Travel and no imports."""

    engine: Engine

    def read(self, sql: str) -> tuple[dict[str, Any], ...]:
        [result] = self.query([sql])
        return result.rows

    def query(self, statements: Sequence[str]) -> tuple[QueryResult, ...]:
        try:
            results = self.engine(tuple({"sql": sql} for sql in statements))
        except Refused as error:
            raise SqlRefused(str(error)) from error
        return tuple(
            QueryResult(tuple(dict(zip(result.columns, row, strict=True)) for row in result.rows), 0, 0)
            for result in results
        )

    def write(self, sql: str) -> None:
        self.engine(tuple({"sql": statement.text} for statement in split(sql)))

    def import_script(self, *pieces: str, timeout: timedelta | None = None) -> None:  # noqa: ARG002
        self.write("".join(pieces))

    def import_file(self, file: BinaryIO) -> None:
        file.seek(0)
        self.write(file.read().decode())

    def bookmark(self) -> str:
        return "none"

    def restore(self, bookmark: str) -> str:
        raise NotImplementedError(bookmark)


@pytest.mark.parametrize("case", CASES)
def test_a_copy_is_its_source_on_the_real_engine(real_engine: Service, case: str) -> None:
    source, target = RealDatabase(real_engine.new()), RealDatabase(real_engine.new())
    source.write(CASES[case])
    copy_database(source, target, NAMES)
    assert holdings(target) == holdings(source)
