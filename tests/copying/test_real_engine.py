"""What a copy asks of D1, and what it writes, on the real D1 engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from infra.copying.run import copy
from infra.errors import SqlRefused
from infra.sqlite.statements import split
from tests.copying.cases import CASES
from tests.copying.conftest import NAMES, holdings
from tests.sqlite.transcript import Refused

if TYPE_CHECKING:
    from typing import BinaryIO

    from tests.sqlite.service import Service
    from tests.sqlite.transcript import Database as Engine


@dataclass
class RealDatabase:
    """A database of the real engine, with the methods that a copy uses. It has no Time Travel, and no imports."""

    engine: Engine

    def read(self, sql: str) -> tuple[dict[str, Any], ...]:
        try:
            [result] = self.engine(({"sql": sql},))
        except Refused as error:
            raise SqlRefused(str(error)) from error
        return tuple(dict(zip(result.columns, row, strict=True)) for row in result.rows)

    def write(self, sql: str) -> None:
        self.engine(tuple({"sql": statement.text} for statement in split(sql)))

    def import_script(self, *pieces: str) -> None:
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
    copy(source, target, NAMES)
    assert holdings(target) == holdings(source)
