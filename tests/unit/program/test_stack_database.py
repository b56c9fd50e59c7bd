"""Reading the state of the stack that runs: the engine writes it at the same time, and a reader may meet half of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from pulumi_d1.cloudflare.retry import ATTEMPTS, Retry
from pulumi_d1.errors import ConfigError
from pulumi_d1.program import stack_database

if TYPE_CHECKING:
    from collections.abc import Callable

HALF = RuntimeError("failed to load checkpoint: EOF")
DATABASE = {
    "type": "cloudflare:index/d1Database:D1Database",
    "outputs": {"uuid": "u", "name": "shop-db-dev", "accountId": "a"},
}
WHOLE = {
    "outputs": {
        "urn:pulumi:dev::shop::d1:index:Environment$cloudflare:index/d1Database:D1Database::d1-database": DATABASE
    }
}


@pytest.fixture
def scripted_engine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Answer the program's call with a test's answers: the real engine is rarely caught at that moment."""

    def answer(*answers: Any) -> list[Any]:
        left = list(answers)

        def invoke(_token: str, _arguments: dict[str, Any]) -> Any:
            answer = left.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return SimpleNamespace(value=answer)

        monkeypatch.setattr(stack_database, "invoke", invoke)
        return left

    for name in ("organization", "project", "stack"):
        monkeypatch.setattr(pulumi, f"get_{name}", lambda: "x")
    monkeypatch.setattr(stack_database, "Retry", lambda: Retry(sleep=lambda _seconds: None))
    return answer


def test_half_a_state_is_read_again(scripted_engine: Callable[..., list[Any]]) -> None:
    left = scripted_engine(HALF, HALF, WHOLE)
    database = stack_database.read_stack_database("d1", "shop-db-dev")
    assert database is not None
    assert (database.id, database.name, left) == ("u", "shop-db-dev", [])


def test_a_state_that_stays_unreadable_stops_the_run(scripted_engine: Callable[..., list[Any]]) -> None:
    left = scripted_engine(*[HALF] * ATTEMPTS)
    with pytest.raises(ConfigError, match="the stack's state cannot be read: failed to load checkpoint: EOF"):
        stack_database.read_stack_database("d1", "shop-db-dev")
    assert left == []


def test_a_database_that_pulumi_import_left_beside_the_component_is_refused(
    scripted_engine: Callable[..., list[Any]],
) -> None:
    urn = "urn:pulumi:dev::shop::cloudflare:index/d1Database:D1Database::d1-database"
    scripted_engine({"outputs": {urn: DATABASE}}, {"outputs": {urn: DATABASE}})
    with pytest.raises(ConfigError) as refused:
        stack_database.read_stack_database("d1", "shop-db-dev")
    assert f"  pulumi state delete {urn} --force --stack x\n  d1 adopt --stack x" in str(refused.value)
    assert stack_database.read_stack_database("other", "another-name") is None
