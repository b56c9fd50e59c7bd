"""Names in databases and files reach no terminal, no CI system, and no second line of any command's output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.sqlite.statements import quoted
from tests.support.cli_state import give_state
from tests.support.hostile_names import HOSTILE_NAMES, faults_of

if TYPE_CHECKING:
    from tests.support.cli_project import ReviewedDatabase

LIVE = "".join(f"CREATE TABLE {quoted(name)} ({quoted(name)} TEXT, n UNIQUE);" for name in HOSTILE_NAMES)
TROUBLE = "".join(
    f"INSERT INTO {quoted(name)} VALUES ('a', 1); "
    f"CREATE VIEW {quoted(f'{name} view')} AS SELECT {quoted(name)} FROM {quoted(name)}; "
    f"DELETE FROM {quoted(name)}; ALTER TABLE {quoted(name)} ADD COLUMN {quoted(f'{name} new')};"
    for name in HOSTILE_NAMES
)
MISTAKES = [f"INSERT INTO {quoted(f'{name} none')} VALUES (1);" for name in HOSTILE_NAMES]


def arrange(prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the database hostile tables and a hostile ledger, and the stack a state that a hostile user has written."""
    prod.migrate(LIVE, prod.tenant())
    rows = ", ".join(f"('{name}')" for name in HOSTILE_NAMES)
    prod.database.write(
        f"INSERT INTO d1_migrations (name) VALUES {rows}; CREATE TABLE {quoted(f'{HOSTILE_NAMES[3]} 2')} (a);"
    )
    prod.write("0002_pending.sql", TROUBLE)
    give_state(prod, ("0001_live.sql", *HOSTILE_NAMES), HOSTILE_NAMES[3], monkeypatch)


COMMANDS = {
    # The arguments, and a part of the output that shows how far the command came.
    "plan": (("plan", "--stack", "prod"), r"+ column line\n::error::forged.line\n::error::forged new"),
    "plan as JSON": (("plan", "--stack", "prod", "--json"), '"drift": ['),
    "plan offline": (("plan", "--stack", "prod", "--offline"), r"line\n::error::forged"),
    "comment": (("comment", "--stack", "prod"), "<!-- d1 comment -->"),
    "schema as a diagram": (("schema", "--stack", "prod", "--diagram"), "erDiagram"),
    "schema as types": (("schema", "--stack", "prod", "--types", "typescript"), r"line\n::error::forged"),
    "status": (("status", "--stack", "prod"), r"is in the database, but no applied file creates it"),
    "history": (("history", "--stack", "prod"), r"line\n::error::forged"),
    "restore": (("restore", "--stack", "prod", "--before", "0001_live.sql", "--yes"), "is restored to bookmark"),
    "baseline": (("baseline", "--stack", "prod"), r"names files that are not in the folder"),
    "fleet plan": (("fleet", "plan", "--match", "tenant-*", "--stack", "prod"), r"line\n::error::forged"),
    "an unknown stack": (("plan", "--stack", HOSTILE_NAMES[3]), r"line\n::error::forged"),
    "an unknown option": (("plan", f"--{HOSTILE_NAMES[3]}"), "No such option"),
    "an unknown command": ((HOSTILE_NAMES[3],), "No such command"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_output_has_what_a_name_carries(
    command: str, prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrange(prod, monkeypatch)
    arguments, shown = COMMANDS[command]
    done = prod.d1(*arguments)
    assert shown in done.output
    assert faults_of(done.output) == []


@pytest.mark.parametrize("sql", MISTAKES)
def test_no_error_has_what_a_name_carries(sql: str, prod: ReviewedDatabase) -> None:
    prod.migrate("CREATE TABLE t (a);")
    prod.write("0002_pending.sql", sql)
    done = prod.d1("plan", "--stack", "prod")
    assert "D2" in done.output, "D1 refuses the file"
    assert faults_of(done.output) == []


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_file_whose_name_carries_something_is_not_read(name: str, prod: ReviewedDatabase) -> None:
    prod.write(f"0002_{name}.sql".replace("0002_::", "::"), "SELECT 1;")
    done = prod.d1("plan", "--stack", "prod")
    assert done.exit_code == 1
    assert "rename it" in done.output
    assert faults_of(done.output) == []
