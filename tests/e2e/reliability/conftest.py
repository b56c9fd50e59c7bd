"""The option that writes what happened into docs/reliability.md."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write", action="store_true", help="write the tables of docs/reliability.md anew")


@pytest.fixture
def write(request: pytest.FixtureRequest) -> bool:
    """Whether the tables are to be written, not compared."""
    # Where pytest is started for all tests, this file is read too late to have an option.
    return bool(request.config.getoption("--write", default=False))
