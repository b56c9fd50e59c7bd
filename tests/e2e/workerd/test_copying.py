"""A copy reads from and writes to the real D1 engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.copying.copy import copy_database
from tests.support.copying import NAMES, holdings
from tests.support.copying_cases import CASES
from tests.support.real_database import RealDatabase

if TYPE_CHECKING:
    from tests.support.workerd import Service


@pytest.mark.parametrize("case", CASES)
def test_a_copy_is_its_source_on_the_real_engine(real_engine: Service, case: str) -> None:
    source, target = RealDatabase(real_engine.new()), RealDatabase(real_engine.new())
    source.write(CASES[case])
    copy_database(source, target, NAMES)
    assert holdings(target) == holdings(source)
