"""The journal survives a kill at any byte, and a resumed run skips what it lists as done."""

from __future__ import annotations

import json
import resource
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.cloudflare.account import DatabaseInfo
from pulumi_d1.errors import ConfigError
from pulumi_d1.fleet import journal
from pulumi_d1.fleet.journal import RunKey, UnfinishedRun, find_unfinished, open_journal, recent_requests
from pulumi_d1.fleet.result import MemberResult, MemberState
from pulumi_d1.migrations.bookmark import Bookmark
from pulumi_d1.migrations.folder import Migration

if TYPE_CHECKING:
    from pathlib import Path

KEY = RunKey(
    "up",
    "account",
    "shop-tenant-*",
    "1/1",
    "d1_migrations",
    journal.folder_digest([Migration("0001_a.sql", "SELECT 1;")]),
)
ONE, TWO = DatabaseInfo("uuid-1", "shop-tenant-1", ""), DatabaseInfo("uuid-2", "shop-tenant-2", "")
BOOKMARK = Bookmark("bookmark-1", datetime(2026, 1, 2, tzinfo=UTC), timedelta(days=30))
DONE = MemberResult(ONE.name, ONE.id, MemberState.DONE, ("0001_a.sql",), BOOKMARK.id)


def write(
    folder: Path, *, complete: bool | None = None, unfinished: UnfinishedRun | None = None, sent: int = 7
) -> Path:
    """Write the journal of a run that finished one database and began another. If `complete` is None, it was killed."""
    with open_journal(folder, KEY, unfinished or UnfinishedRun(), lambda: sent) as notes:
        notes.bookmark(ONE, BOOKMARK, ["0001_a.sql"])
        notes.result(DONE)
        notes.bookmark(TWO, replace(BOOKMARK, id="bookmark-2"), ["0001_a.sql"])
        if complete is not None:
            notes.end(complete=complete)
    return notes.path


def test_an_interrupted_run_is_found_with_its_results(tmp_path: Path) -> None:
    path = write(tmp_path)
    unfinished = find_unfinished(tmp_path, KEY, time.time())
    assert unfinished == UnfinishedRun(
        path,
        {ONE.id: DONE},
        {ONE.id: "bookmark-1", TWO.id: "bookmark-2"},
        {ONE.id: ("0001_a.sql",), TWO.id: ("0001_a.sql",)},
    )


def test_a_line_that_a_kill_cut_off_is_dropped_at_every_length(tmp_path: Path) -> None:
    path = write(tmp_path)
    whole = path.read_bytes()
    last = whole[: whole.rindex(b"{")]
    for length in range(len(last), len(whole)):
        path.write_bytes(whole[:length])
        unfinished = find_unfinished(tmp_path, KEY, time.time())
        assert (list(unfinished.finished), list(unfinished.bookmarks)) == ([ONE.id], [ONE.id])
        with open_journal(tmp_path, KEY, unfinished, lambda: 1) as notes:
            notes.bookmark(TWO, replace(BOOKMARK, id="later"), [])
        assert find_unfinished(tmp_path, KEY, time.time()).bookmarks[TWO.id] == "later"


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with open_journal(tmp_path, KEY, UnfinishedRun(), lambda: 7) as notes:
        notes.bookmark(ONE, BOOKMARK, ["0001_a.sql"])
        before = notes.path.read_bytes()
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, limits[1]))
        try:
            with pytest.raises(OSError, match="File too large"):
                notes.result(DONE)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert notes.path.read_bytes() == before
        notes.result(DONE)
    assert find_unfinished(tmp_path, KEY, time.time()).finished == {ONE.id: DONE}


def test_the_first_bookmark_of_a_run_is_the_one_to_restore(tmp_path: Path) -> None:
    write(tmp_path)
    unfinished = find_unfinished(tmp_path, KEY, time.time())
    with open_journal(tmp_path, KEY, unfinished, lambda: 1) as notes:
        notes.bookmark(TWO, replace(BOOKMARK, id="after the first file"), [])
    assert find_unfinished(tmp_path, KEY, time.time()).bookmarks[TWO.id] == "bookmark-2"


def test_a_failed_database_is_migrated_again(tmp_path: Path) -> None:
    with open_journal(tmp_path, KEY, UnfinishedRun(), lambda: 0) as notes:
        notes.result(MemberResult(ONE.name, ONE.id, MemberState.FAILED, message="it failed"))
        notes.end(complete=False)
    unfinished = find_unfinished(tmp_path, KEY, time.time())
    assert (unfinished.path, unfinished.finished) == (notes.path, {})


@pytest.mark.parametrize(
    "other",
    [
        {"command": "plan"},
        {"account": "b"},
        {"match": "*"},
        {"shard": "1/2"},
        {"table": "t"},
        {"digest": journal.folder_digest([])},
    ],
    ids=lambda other: next(iter(other)),
)
def test_another_run_is_not_resumed(tmp_path: Path, other: dict[str, str]) -> None:
    write(tmp_path)
    assert find_unfinished(tmp_path, replace(KEY, **other), time.time()) == UnfinishedRun()


def test_a_run_that_is_complete_or_old_is_not_resumed(tmp_path: Path) -> None:
    write(tmp_path, complete=False)
    assert find_unfinished(tmp_path, KEY, time.time() + journal.RESUME_SECONDS + 60) == UnfinishedRun()
    write(tmp_path, complete=True, unfinished=find_unfinished(tmp_path, KEY, time.time()))
    assert find_unfinished(tmp_path, KEY, time.time()) == UnfinishedRun()


def test_two_processes_do_not_resume_the_same_run(tmp_path: Path) -> None:
    write(tmp_path)
    unfinished = find_unfinished(tmp_path, KEY, time.time())
    with (
        open_journal(tmp_path, KEY, unfinished, lambda: 0),
        pytest.raises(ConfigError, match="another 'd1 fleet up' works on this run"),
        open_journal(tmp_path, KEY, unfinished, lambda: 0),
    ):
        pytest.fail("it was opened twice")


def test_requests_of_earlier_processes_are_counted(tmp_path: Path) -> None:
    write(tmp_path, sent=7)
    now = time.time()
    assert len(recent_requests(tmp_path, "account", 300, now + 1)) == 7
    write(tmp_path, sent=5, unfinished=find_unfinished(tmp_path, KEY, now))
    assert len(recent_requests(tmp_path, "account", 300, now + 1)) == 12
    assert recent_requests(tmp_path, "account", 300, now + 400) == []
    assert recent_requests(tmp_path, "another", 300, now + 1) == []


@pytest.mark.parametrize("text", ["hello", "1", "{}", '{"key": {}}'])
def test_a_file_that_is_no_journal_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "notes.jsonl").write_text(f"{text}\n")
    with pytest.raises(ConfigError, match=r"notes\.jsonl is not a journal of 'd1 fleet up'"):
        find_unfinished(tmp_path, KEY, time.time())


def test_only_its_owner_can_read_the_journal(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert {json.loads(line)["event"] for line in path.read_text().splitlines()} == {"run", "bookmark", "result"}
