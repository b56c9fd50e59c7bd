"""A slow activity shows on a terminal, and nothing of it stays there."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pulumi_d1.cli.support import waiting as module
from pulumi_d1.cli.support.waiting import waiting
from tests.support.terminal import terminal

if TYPE_CHECKING:
    import pytest


def shown(monkeypatch: pytest.MonkeyPatch, seconds: float, parts: int = 0, **variables: str) -> str:
    """Return what a terminal gets of an activity, with another one inside, if one lasts longer than 0.05 s."""
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.05)
    with terminal(monkeypatch, 80, **variables) as stream, waiting("reading shop\x1b-db", parts) as advance:
        with waiting("a part of it"):
            time.sleep(seconds)
        for _ in range(parts):
            advance()
    return stream.getvalue()


def test_a_terminal_shows_a_bar_or_a_spinner(monkeypatch: pytest.MonkeyPatch) -> None:
    for parts, count in ((0, ""), (3, "3/3")):
        output = shown(monkeypatch, 0.3, parts)
        assert r"reading shop\u001b-db" in output
        assert count in output
        assert "a part of it" not in output
        assert output.endswith("\x1b[2K"), "the line is erased"


def test_a_plain_terminal_gets_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert shown(monkeypatch, 0.3, 3, **variables) == "reading shop\\u001b-db ...\n"


def test_a_short_activity_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, 0) == ""


def test_a_log_gets_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.0)
    with waiting("reading", 2) as advance:
        time.sleep(0.05)
        advance()
    assert capsys.readouterr() == ("", "")
