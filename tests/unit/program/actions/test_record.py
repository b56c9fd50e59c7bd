"""What the state keeps of a run: history that is never made up, and the way back from before the last write."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from pulumi_d1.migrations.bookmark import Bookmark
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.past.history import LIMIT, from_json
from pulumi_d1.program.actions.record import Journal
from pulumi_d1.system.actor import Actor

FIRST = Bookmark("b1", datetime(2026, 11, 1, tzinfo=UTC), timedelta(days=30))
SECOND = Bookmark("b2", datetime(2026, 11, 2, tzinfo=UTC), timedelta(days=7))
FILES = [Migration(name, f"SELECT '{name}';") for name in ("1.sql", "2.sql", "3.sql")]
ADA = Actor("ada@example.com", "c0ffee")


def test_what_was_recorded_comes_back_from_the_state() -> None:
    journal = Journal(FILES, {}, ADA)
    journal.record(("1.sql", "2.sql"), 0.25, FIRST)
    state = json.loads(json.dumps(journal.outputs(("1.sql", "2.sql"), FIRST, "shop")))
    assert tuple(map(from_json, state["history"])) == tuple(journal.entries)
    assert state["restore_command"] == "wrangler d1 time-travel restore shop --bookmark=b1"

    nothing = Journal(FILES, state, ADA).outputs(("1.sql", "2.sql"), SECOND, "shop")
    assert nothing == state, "a run with nothing to do changes nothing"


def test_what_others_applied_is_not_in_the_history() -> None:
    journal = Journal(FILES, {}, ADA)
    journal.record(("2.sql",), 0.25, FIRST)
    state = journal.outputs(("1.sql", "2.sql"), FIRST, "shop")
    assert [entry["name"] for entry in state["history"]] == ["2.sql"]
    assert list(state["checksums"]) == ["1.sql", "2.sql"]


def test_a_state_without_history_starts_one_and_an_old_one_is_cut() -> None:
    older = {"checksums": {"1.sql": "d1"}, "bookmark": {"id": "b1"}, "restore_command": "back"}
    journal = Journal(FILES, older, ADA)
    assert journal.outputs(("1.sql",), SECOND, "shop")["history"] == []
    for _ in range(LIMIT):
        journal.record(("2.sql", "3.sql"), 0.1, SECOND)
    state = journal.outputs(("1.sql", "2.sql", "3.sql"), SECOND, "shop")
    assert len(state["history"]) == LIMIT
    assert state["checksums"]["1.sql"] == "d1"
    assert state["bookmark"]["id"] == "b2"
