"""What happens where the real engine is not installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sqlite import clients


@pytest.fixture(autouse=True)
def _missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "_NODE", Path("/nowhere"))


def test_tests_that_need_the_clients_are_skipped_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("D1_REQUIRE_CLIENTS", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"NOT COMPARED .* run 'make clients'"):
        clients.require()


def test_tests_that_need_the_clients_fail_where_these_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("D1_REQUIRE_CLIENTS", "1")
    with pytest.raises(pytest.fail.Exception, match="run 'make clients'"):
        clients.require()
