"""Time Travel: bookmarks, restores and the state after a kill."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import apsw
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from d1_emulator.api_errors import BookmarkUnknown, TimeUnavailable
from d1_emulator.databases.emulated_database import EmulatedDatabase
from d1_emulator.databases.limits import Limits
from d1_emulator.databases.registry import open_registry
from d1_emulator.databases.sql_process import SqlProcesses
from d1_emulator.timetravel.bookmarks import Moment, bookmark_of, moment_of
from d1_emulator.timetravel.commit_log import CommitLog, format_time, parse_time
from pulumi_d1.sqlite.execute import Query
from tests.support.emulator_process import separating_moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx
    from cloudflare import Cloudflare

_UUID = "11111111-2222-3333-4444-555555555555"
_MONTH = timedelta(days=30)


class _Shared:
    """The processes of all tests of this module."""

    processes: SqlProcesses


@pytest.fixture(scope="module", autouse=True)
def processes() -> Iterator[None]:
    _Shared.processes = SqlProcesses()
    yield
    _Shared.processes.close()


def _open(folder: Path, rotate_bytes: int = 2**20) -> EmulatedDatabase:
    return EmulatedDatabase(folder, _UUID, _Shared.processes, rotate_bytes=rotate_bytes)


def _create(folder: Path, rotate_bytes: int = 2**20) -> EmulatedDatabase:
    folder.mkdir()
    database = _open(folder, rotate_bytes)
    database.create(datetime.now(UTC) - timedelta(days=1))
    database.run([Query("CREATE TABLE t (a, b)")])
    return database


def _insert(database: EmulatedDatabase, value: int) -> str:
    database.run([Query("INSERT INTO t VALUES (?, zeroblob(3000))", (value,))])
    return database.bookmark()


def _values(database: EmulatedDatabase) -> list[Any]:
    return [row[0] for row in database.run([Query("SELECT a FROM t ORDER BY a")]).results[0].rows]


def test_a_write_moves_the_bookmark_and_a_read_does_not(tmp_path: Path) -> None:
    database = _create(tmp_path / "db")
    bookmarks = [database.bookmark(), *(_insert(database, value) for value in range(20))]
    _values(database)
    database.run([Query("UPDATE t SET a = 1 WHERE a > 99")])
    assert database.bookmark() == bookmarks[-1]
    assert bookmarks == sorted(set(bookmarks))
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}", bookmark) for bookmark in bookmarks)
    database.close()


def test_a_bookmark_is_valid_only_for_its_own_database() -> None:
    bookmark = bookmark_of(_UUID, Moment(3, 255))
    assert moment_of(_UUID, bookmark) == Moment(3, 255)
    assert moment_of("another", bookmark) is None
    assert [moment_of(_UUID, text) for text in ("", "x-y", bookmark.upper(), f"0{bookmark}", "-1-2")] == [None] * 5


def test_a_restore_can_be_undone(http: httpx.Client, database: str) -> None:
    def run(sql: str) -> Any:
        return http.post(f"/database/{database}/query", json={"sql": sql}).json()["result"][-1]["results"]

    def travel(bookmark: str) -> Any:
        answer = http.post(f"/database/{database}/time_travel/restore", params={"bookmark": bookmark})
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    run("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
    before = http.get(f"/database/{database}/time_travel/bookmark").json()["result"]["bookmark"]
    run("DROP TABLE t")
    back = travel(before)
    assert set(back) == {"bookmark", "previous_bookmark", "message"}
    assert back["message"] == "Database restored successfully"
    assert run("SELECT a FROM t") == [{"a": 1}]
    run("INSERT INTO t VALUES (2)")
    travel(back["previous_bookmark"])
    assert run("SELECT name FROM sqlite_master WHERE name = 't'") == []
    travel(back["bookmark"])
    assert run("SELECT a FROM t") == [{"a": 1}]


def test_a_time_means_the_last_commit_before_it(tmp_path: Path) -> None:
    database = _create(tmp_path / "db")
    bookmarks = [_insert(database, value) for value in range(3)]
    database.close()
    # Rewriting the log moves the clock: a minute between any two commits.
    log = tmp_path / "db" / "history.log"
    start = datetime.now(UTC) - timedelta(hours=1)
    lines = [line.split() for line in log.read_text().splitlines()]
    log.write_text("".join(f"{b} {format_time(start + n * timedelta(minutes=1))}\n" for n, (b, _) in enumerate(lines)))
    first = len(lines) - len(bookmarks)
    for number, bookmark in enumerate(bookmarks, start=first):
        moment = parse_time(format_time(start)) + timedelta(minutes=number)
        assert database.bookmark_at(moment, _MONTH) == bookmark
        assert database.bookmark_at(moment + timedelta(seconds=59), _MONTH) == bookmark
        assert database.bookmark_at(moment - timedelta(milliseconds=1), _MONTH) != bookmark
    for outside, text in [
        (start - timedelta(minutes=1), "before the database was created"),
        (datetime.now(UTC) + timedelta(hours=1), "in the future"),
        (datetime.now(UTC) - timedelta(days=31), "older than the 30 days kept"),
    ]:
        with pytest.raises(TimeUnavailable, match=text):
            database.bookmark_at(outside, _MONTH)
    database.close()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("bookmark?timestamp=yesterday", "Invalid property: timestamp => Invalid datetime"),
        ("bookmark?timestamp=2999-01-01T00:00:00Z", "timestamp 2999-01-01T00:00:00.000Z is in the future"),
        ("restore", "The request is malformed: give either bookmark or timestamp"),
        ("restore?bookmark=x&timestamp=2020-01-01", "The request is malformed: give either bookmark or timestamp"),
        ("restore?bookmark=x", "bookmark x is not one of this database's"),
    ],
)
def test_a_missing_moment_is_refused(http: httpx.Client, database: str, path: str, text: str) -> None:
    answer = http.request("POST" if path.startswith("restore") else "GET", f"/database/{database}/time_travel/{path}")
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"code": 7400, "message": text}]


def test_the_sdk_travels_by_timestamp(http: httpx.Client, sdk: Cloudflare, database: str) -> None:
    account = str(http.base_url).rstrip("/").split("/")[-2]
    current = sdk.d1.database.time_travel.get_bookmark(database, account_id=account)
    moment = separating_moment()
    sdk.d1.database.query(database, account_id=account, sql="CREATE TABLE t (a)")
    assert sdk.d1.database.time_travel.get_bookmark(database, account_id=account, timestamp=moment) == current
    restored = sdk.d1.database.time_travel.restore(database, account_id=account, timestamp=moment)
    assert restored.message == "Database restored successfully"
    assert sdk.d1.database.get(database, account_id=account).num_tables == 0


def test_a_log_line_torn_by_a_kill_is_repaired(tmp_path: Path) -> None:
    database = _create(tmp_path / "db")
    kept = _insert(database, 1)
    last = _insert(database, 2)
    database.close()
    log = tmp_path / "db" / "history.log"
    log.write_bytes(log.read_bytes()[:-20])
    database = _open(tmp_path / "db")
    # The commit itself was whole, so its line is written again, with the same bookmark.
    assert database.bookmark() == last
    database.restore(kept)
    assert _values(database) == [1]
    database.close()
    database = _open(tmp_path / "db")
    database.restore(last)
    assert _values(database) == [1, 2]
    database.close()


def test_half_of_a_commit_is_dropped(tmp_path: Path) -> None:
    database = _create(tmp_path / "db")
    kept = _insert(database, 1)
    wal = tmp_path / "db" / "segments" / "00000001.sqlite-wal"
    size = wal.stat().st_size
    database.run([Query("INSERT INTO t SELECT 2, zeroblob(20000)")])
    database.close()
    log = tmp_path / "db" / "history.log"
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:-1]))
    with wal.open("r+b") as file:
        file.truncate(size + 6000)  # a frame and a half of a commit of several
    database = _open(tmp_path / "db")
    assert (database.bookmark(), _values(database)) == (kept, [1])
    assert _insert(database, 3) > kept
    database.close()


def test_a_restore_or_rotation_cut_short_leaves_no_trace(tmp_path: Path) -> None:
    database = _create(tmp_path / "db")
    bookmark = _insert(database, 1)
    database.close()
    segments = tmp_path / "db" / "segments"
    (segments / "00000002.sqlite").write_bytes(b"half a copy")
    (segments / "00000002.sqlite-wal").write_bytes(b"")
    database = _open(tmp_path / "db")
    assert (database.bookmark(), _values(database)) == (bookmark, [1])
    assert {path.name[:8] for path in segments.iterdir()} == {"00000001"}
    assert database.restore(bookmark).bookmark.startswith("00000002-")
    assert _values(database) == [1]
    database.close()


def test_a_large_log_starts_a_segment_and_keeps_every_bookmark(tmp_path: Path) -> None:
    database = _create(tmp_path / "db", rotate_bytes=30_000)
    bookmarks = [_insert(database, value) for value in range(60)]
    assert bookmarks == sorted(bookmarks)
    assert int(bookmarks[-1][:8], 16) > 2
    for value in (59, 0, 31):
        database.restore(bookmarks[value])
        assert _values(database) == list(range(value + 1))
    database.close()


def test_a_checkpoint_by_another_program_costs_the_history_not_the_data(tmp_path: Path) -> None:
    database = _create(tmp_path / "db", rotate_bytes=10_000)
    bookmarks = [_insert(database, 0)]
    while bookmarks[-1][9:17] != "00000000":  # until a segment starts: its base file is a moment
        bookmarks.append(_insert(database, len(bookmarks)))
    lost = [bookmarks[-1], _insert(database, len(bookmarks))]
    rows = list(range(len(bookmarks) + 1))
    database.close()
    other_program = apsw.Connection(str(tmp_path / "db" / "segments" / f"{lost[1][:8]}.sqlite"))
    assert other_program.execute("SELECT count(*) FROM t").get == len(rows)
    assert other_program.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE) == (0, 0)
    other_program.close()
    database = _open(tmp_path / "db")
    assert _values(database) == rows
    for bookmark in lost:
        with pytest.raises(BookmarkUnknown):
            database.restore(bookmark)
    assert _values(database) == rows
    database.restore(bookmarks[0])
    assert _values(database) == [0]
    database.close()


def test_a_history_of_many_lines_is_read_in_order(tmp_path: Path) -> None:
    history = CommitLog(tmp_path / "history.log", _UUID)
    written = [history.append(Moment(1, n), datetime(2026, 1, 1, tzinfo=UTC) + n * _MONTH) for n in range(50)]
    assert list(history.newest_first()) == written[::-1]


def test_retention_is_a_limit_of_the_registry(tmp_path: Path) -> None:
    with open_registry(tmp_path, replace(Limits(), retention=timedelta(days=7))) as registry:
        record = registry.create("a", "one", None, None, "disabled")
        with pytest.raises(TimeUnavailable, match="older than the 7 days kept"):
            registry.database("a", record.uuid).bookmark_at(
                datetime.now(UTC) - timedelta(days=8), registry.limits.retention
            )


class _Travels(RuleBasedStateMachine):
    """Random writes, restores, rotations and reopenings, compared with a model: the rows of each bookmark."""

    folder: Path
    count = 0

    @initialize(rotate_bytes=st.sampled_from([10_000, 60_000, 2**26]))
    def begin(self, rotate_bytes: int) -> None:
        type(self).count += 1
        self._path = self.folder / str(self.count)
        self._rotate_bytes = rotate_bytes
        self._database = _create(self._path, rotate_bytes)
        self._rows: list[int] = []
        self._seen: dict[str, list[int]] = {self._database.bookmark(): []}

    @rule(value=st.integers(0, 9))
    def insert(self, value: int) -> None:
        self._rows = sorted([*self._rows, value])
        self._seen[_insert(self._database, value)] = self._rows

    @rule(value=st.integers(0, 9))
    def delete(self, value: int) -> None:
        self._database.run([Query("DELETE FROM t WHERE a = ?", (value,))])
        self._rows = [row for row in self._rows if row != value]
        self._seen[self._database.bookmark()] = self._rows

    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        bookmark = data.draw(st.sampled_from(sorted(self._seen)))
        restored = self._database.restore(bookmark)
        assert self._seen[restored.previous_bookmark] == self._rows
        self._rows = self._seen[bookmark]
        self._seen[restored.bookmark] = self._rows

    @rule()
    def reopen(self) -> None:
        self._database.close()
        self._database = _open(self._path, self._rotate_bytes)

    @invariant()
    def the_rows_are_those_of_the_model(self) -> None:
        assert _values(self._database) == self._rows
        assert max(self._seen) == self._database.bookmark()

    def teardown(self) -> None:
        self._database.close()


def test_a_restore_to_any_bookmark_returns_exactly_its_rows(tmp_path: Path) -> None:
    _Travels.folder = tmp_path
    run_state_machine_as_test(_Travels, settings=settings(max_examples=60, stateful_step_count=30, deadline=None))
