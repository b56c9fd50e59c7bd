"""Tests of wrangler are skipped if it is not installed, unless it is required."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import installed

if TYPE_CHECKING:
    from pathlib import Path


def test_missing_clients_skip_a_test_or_fail_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(installed, "_BINARIES", tmp_path)
    monkeypatch.delenv("D1_REQUIRE_CLIENTS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="run 'make clients'"):
        installed.binaries()
    monkeypatch.setenv("D1_REQUIRE_CLIENTS", "1")
    with pytest.raises(pytest.fail.Exception, match="run 'make clients'"):
        installed.binaries()
