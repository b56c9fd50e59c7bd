"""Exceptions as pulumi.dynamic prints them: it formats them after the provider's method has ended."""

from __future__ import annotations

import sys
import traceback

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.program.pulumi_sdk import message_only


@pytest.fixture(autouse=True)
def own_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "tracebacklimit", sys.maxsize, raising=False)


def refuse() -> None:
    with message_only():
        raise ConfigError("migrationsDir is wrong: fix it")


def test_an_error_of_ours_is_its_message_also_when_another_call_begins_before_it_is_shown() -> None:
    with pytest.raises(Exception, match="fix it") as refused:
        refuse()
    with message_only():
        assert traceback.format_exception(refused.value) == ["D1: migrationsDir is wrong: fix it\n"]


def test_an_unforeseen_exception_keeps_its_traceback_also_after_an_error_of_ours() -> None:
    with pytest.raises(Exception, match="fix it"):
        refuse()
    with pytest.raises(Exception, match="division by zero") as unforeseen, message_only():
        1 / 0  # noqa: B018 - the mistake
    assert f'File "{__file__}", line' in str(unforeseen.value)
