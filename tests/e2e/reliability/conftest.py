"""The option that writes the results into docs/reliability.md."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write", action="store_true", help="write the tables of docs/reliability.md")


@pytest.fixture
def write(request: pytest.FixtureRequest) -> bool:
    """Return whether to write the tables instead of comparing them."""
    # If pytest is started for all tests, it reads this file too late for an option.
    return bool(request.config.getoption("--write", default=False))
