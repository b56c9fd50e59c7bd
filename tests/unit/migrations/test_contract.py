"""Contract files wait until they are released; so do the files behind them."""

from __future__ import annotations

import json

import pytest

from pulumi_d1.migrations.contract import is_contract
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.plan import make_plan
from pulumi_d1.migrations.stop import Stop, stop_from_json
from pulumi_d1.settings import Settings

FILES = [
    Migration("0001.sql", "SELECT 1;"),
    Migration("0002.sql", "SELECT 2;"),
    Migration("0003_drop.sql", "-- d1:contract no code reads it\nDROP TABLE t;"),
    Migration("0004.sql", "SELECT 4;"),
]
HOLD = Stop(holds_contracts=True, stack="prod")
REASON = (
    "0003_drop.sql and 1 more: it is a contract file; once the previous code is gone, 'd1 contract release "
    "0003_drop.sql --stack prod' lets it run"
)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("-- d1:contract\nDROP TABLE t;", True),
        ("DROP TABLE t; -- d1:contract nobody reads it", True),
        ("/* d1:contract later */ DROP TABLE t;", True),
        ("-- about d1:contract files\nSELECT 1;", False),
        ("-- d1:contracts\nSELECT 1;", False),
        ("SELECT '-- d1:contract';", False),
        ("SELECT 1;", False),
    ],
)
def test_the_mark_is_a_comment_that_starts_with_it(sql: str, expected: bool) -> None:  # noqa: FBT001
    assert is_contract(sql) is expected


def test_a_contract_file_and_those_behind_it_wait() -> None:
    plan = make_plan(FILES, ["0001.sql"], {}, stop=HOLD)
    assert ([file.name for file in plan.pending], plan.waiting_line) == (["0002.sql"], REASON)


def test_a_released_text_runs_and_a_changed_one_waits_again() -> None:
    released = Stop(holds_contracts=True, released=(FILES[2].sha256[:12],), stack="prod")
    assert make_plan(FILES, ["0001.sql"], {}, stop=released).waiting == ()
    changed = [*FILES[:2], Migration("0003_drop.sql", "-- d1:contract\nDROP TABLE u;"), FILES[3]]
    assert make_plan(changed, ["0001.sql"], {}, stop=released).waiting == ("0003_drop.sql", "0004.sql")


def test_no_code_runs_on_a_new_database_and_an_applied_file_holds_nothing() -> None:
    assert make_plan(FILES, [], {}, stop=HOLD).waiting == ()
    assert make_plan(FILES, [file.name for file in FILES[:3]], {}, stop=HOLD).waiting == ()


def test_the_last_file_to_apply_may_come_before_a_contract_file() -> None:
    plan = make_plan(FILES, ["0001.sql"], {}, stop=Stop("0002.sql", holds_contracts=True))
    assert plan.waiting_line == "0003_drop.sql and 1 more: through is 0002.sql"


@pytest.mark.parametrize("stop", [HOLD, Stop("0002.sql", released=("0123456789ab",))])
def test_the_state_returns_the_rule(stop: Stop) -> None:
    assert stop_from_json(json.loads(json.dumps(stop.as_json()))) == stop


def test_ephemeral_stacks_hold_nothing() -> None:
    stops = [
        Settings(environment=name, project_name="shop", account_id="0").run_options.stop for name in ("prod", "pr-12")
    ]
    assert [stop.holds_contracts for stop in stops] == [True, False]


def test_the_key_lists_texts() -> None:
    value = "0003_drop.sql@0123456789ab, 0005.sql@ba9876543210"
    stop = Settings(environment="prod", project_name="shop", account_id="0", contracts=value).run_options.stop
    assert stop.released == ("0123456789ab", "ba9876543210")
    with pytest.raises(ValueError, match="'d1 contract release FILE' adds a file to it"):
        Settings(environment="prod", project_name="shop", account_id="0", contracts="0003_drop.sql")
