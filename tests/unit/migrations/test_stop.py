"""Files behind the last one to apply wait, and the plan names them."""

from __future__ import annotations

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.plan import Problem, make_plan
from pulumi_d1.migrations.stop import NO_STOP, Stop

FILES = [Migration(f"000{number}.sql", f"SELECT {number};") for number in range(1, 5)]


@pytest.mark.parametrize(
    ("applied", "through", "pending", "line"),
    [
        ((), "", ["0001.sql", "0002.sql", "0003.sql", "0004.sql"], ""),
        ((), "0002.sql", ["0001.sql", "0002.sql"], "0003.sql and 1 more: through is 0002.sql"),
        (("0001.sql",), "0003.sql", ["0002.sql", "0003.sql"], "0004.sql: through is 0003.sql"),
        (("0001.sql", "0002.sql"), "0001.sql", [], "0003.sql and 1 more: through is 0001.sql"),
        ((), "0004.sql", ["0001.sql", "0002.sql", "0003.sql", "0004.sql"], ""),
        (("0003.sql", "0004.sql"), "0002.sql", ["0001.sql", "0002.sql"], ""),
    ],
)
def test_files_behind_the_last_one_wait(applied: tuple[str, ...], through: str, pending: list[str], line: str) -> None:
    plan = make_plan(FILES, applied, {}, stop=Stop(through))
    assert [file.name for file in plan.pending] == pending
    assert plan.waiting_line == line


def test_a_waiting_file_is_checked_when_its_turn_comes_but_a_renamed_one_at_once() -> None:
    empty = Migration("0005.sql", "-- nothing")
    assert make_plan([*FILES, empty], (), {}, stop=Stop("0004.sql")).problems == ()
    renamed = make_plan(FILES, ["0000.sql"], {"0000.sql": FILES[3].sha256}, stop=Stop("0001.sql"))
    assert [problem.problem for problem in renamed.problems if problem.name == "0004.sql"] == [Problem.RENAMED]


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"through is 0004\.sq, but there is no such file"):
        Stop("0004.sq").check([file.name for file in FILES])
    NO_STOP.check([])
