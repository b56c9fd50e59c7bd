"""Record the outcome of each database of a run in `.d1/fleet/<run>.jsonl`, a file that survives a kill.

Each line is JSON and is on disk before the run continues: a database's bookmark from before its first write, the files
that were applied, the outcome. The ledgers decide what is pending. The journal has what they lack, and saves a resumed
run the requests for databases that are already verified.
"""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.errors import ConfigError
from pulumi_d1.fleet.result import MemberResult, MemberState
from pulumi_d1.system.files import locked, sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from pulumi_d1.cloudflare.account import DatabaseInfo
    from pulumi_d1.migrations.bookmark import Bookmark
    from pulumi_d1.migrations.folder import Migration

RESUME_SECONDS: Final = 24 * 60 * 60
"""Runs older than this are not resumed, because the databases may have changed since."""


@dataclass(frozen=True, slots=True)
class RunKey:
    """The identity of a run. A run resumes another one with the same key.

    Attributes:
        shard: The shard, as text.
        digest: Digest of the files' names and texts.
    """

    command: str
    account: str
    match: str
    shard: str
    table: str
    digest: str


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """The journal of an unfinished run. The keys of its dictionaries are the databases' UUIDs.

    Attributes:
        path: The journal; None if there is no such run.
        finished: Results of the databases that need no second review.
        bookmarks: First bookmark of each database that was about to be written to.
        pending: Names of the files that were pending then.
    """

    path: Path | None = None
    finished: dict[str, MemberResult] = field(default_factory=dict)
    bookmarks: dict[str, str] = field(default_factory=dict)
    pending: dict[str, tuple[str, ...]] = field(default_factory=dict)


def folder_digest(files: Sequence[Migration], through: str = "") -> str:
    """Return a digest of the files' names and texts, and of the last file to apply if there is one."""
    lines = [*(f"{file.sha256} {file.name}" for file in files), *([through] if through else [])]
    return sha256("\n".join(lines).encode()).hexdigest()


def find_unfinished(folder: Path, key: RunKey, now: float) -> UnfinishedRun:
    """Return the newest run with this key, if it is unfinished. Write nothing.

    Args:
        now: The time in seconds since 1970.
    """
    for path in sorted(folder.glob("*.jsonl"), reverse=True):
        if _key(path) != asdict(key):
            continue
        lines = _lines(path)
        ended = lines[-1].get("event") == "end" and lines[-1]["complete"]
        expired = now - lines[-1]["time"] > RESUME_SECONDS
        return UnfinishedRun() if ended or expired else _unfinished_run(path, lines)
    return UnfinishedRun()


def recent_requests(folder: Path, account: str, seconds: float, now: float) -> list[float]:
    """Return the ages in seconds of the requests that runs on this account sent in the last `seconds`."""
    ages: list[float] = []
    for path in folder.glob("*.jsonl"):
        if path.stat().st_mtime < now - seconds or _key(path).get("account") != account:
            continue
        before = 0
        for line in _lines(path):
            age, sent = now - line["time"], line["sent"]
            if "key" in line:  # another process starts to count from 0
                before = 0
            if 0 <= age < seconds:
                ages += [age] * max(sent - before, 0)
            before = sent
    return ages


class Journal:
    """The journal of one run, open for writing. Safe for threads.

    Args:
        descriptor: Descriptor of the open and locked file.
        sent: Returns the number of requests that this process has sent so far.
    """

    def __init__(self, path: Path, descriptor: int, sent: Callable[[], int]) -> None:
        self.path = path
        self._descriptor = descriptor
        self._sent = sent
        self._lock = threading.Lock()

    def begin(self, key: RunKey, *, resumed: bool) -> None:
        """Record that a process starts or resumes the run."""
        self._write("resumed" if resumed else "run", key=asdict(key))

    def bookmark(self, database: DatabaseInfo, bookmark: Bookmark, pending: Iterable[str]) -> None:
        """Record the bookmark to restore, before the first write."""
        self._write(
            "bookmark",
            database=database.name,
            id=database.id,
            bookmark=bookmark.id,
            expires=bookmark.expires.isoformat(),
            pending=list(pending),
        )

    def applied(self, database: DatabaseInfo, names: Iterable[str]) -> None:
        """Record applied files."""
        self._write("applied", database=database.name, id=database.id, names=list(names))

    def result(self, result: MemberResult) -> None:
        """Record the outcome of a database."""
        self._write("result", **asdict(result))

    def end(self, *, complete: bool) -> None:
        """Record the end of the run, and whether all databases are done."""
        self._write("end", complete=complete)

    def _write(self, event: str, **more: Any) -> None:
        with self._lock:
            line = {"event": event, "time": time.time(), "sent": self._sent(), **more}
            size = os.fstat(self._descriptor).st_size
            try:
                left = memoryview(json.dumps(line).encode() + b"\n")
                while left:  # a disk that is nearly full writes a part and refuses the rest
                    left = left[os.write(self._descriptor, left) :]
                os.fsync(self._descriptor)
            except OSError:
                os.ftruncate(self._descriptor, size)  # or the next line would continue this one
                raise


@contextmanager
def open_journal(folder: Path, key: RunKey, unfinished: UnfinishedRun, sent: Callable[[], int]) -> Iterator[Journal]:
    """Open a new journal, or that of the run to resume.

    Args:
        folder: Folder of the journals; created if it is missing.
        unfinished: Result of `find_unfinished`.
        sent: Returns the number of requests that this process has sent so far.

    Raises:
        ConfigError: Another process works on that run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.jsonl"
    path = unfinished.path or folder / name
    with locked(path, busy=f"{path}: another 'd1 fleet up' works on this run: wait for it, or stop it"):
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.ftruncate(descriptor, _whole(path))
            journal = Journal(path, descriptor, sent)
            journal.begin(key, resumed=unfinished.path is not None)
            sync_folder(folder)
            yield journal
        finally:
            os.close(descriptor)


def _unfinished_run(path: Path, lines: Sequence[dict[str, Any]]) -> UnfinishedRun:
    run = UnfinishedRun(path)
    for line in lines:
        if line["event"] == "bookmark":
            run.bookmarks.setdefault(line["id"], line["bookmark"])
            run.pending.setdefault(line["id"], tuple(line["pending"]))
        elif line["event"] == "result":
            state, applied = MemberState(line["state"]), tuple(line["applied"])
            result = MemberResult(line["database"], line["id"], state, applied, line["bookmark"], line["message"])
            if state in {MemberState.DONE, MemberState.UP_TO_DATE}:
                run.finished[result.id] = result
    return run


def _key(path: Path) -> dict[str, str]:
    """Return the key in the first line, or an empty one if a kill left no whole line."""
    with path.open("rb") as file:
        first = file.readline()
    return dict(_parsed(path, [first])[0].get("key") or {}) if first.endswith(b"\n") else {}


def _lines(path: Path) -> list[dict[str, Any]]:
    """Return the whole lines, without the rest that a kill may leave of the last one."""
    return _parsed(path, path.read_bytes()[: _whole(path)].splitlines())


def _parsed(path: Path, lines: Sequence[bytes]) -> list[dict[str, Any]]:
    """Return the events in the lines.

    Raises:
        ConfigError: The file is not a journal.
    """
    try:
        events = [json.loads(line) for line in lines]
    except ValueError as error:
        raise ConfigError(f"{path} is not a journal of 'd1 fleet up': {error}. Move it to another folder") from None
    if not all(isinstance(event, dict) and event.keys() >= {"event", "time", "sent"} for event in events):
        raise ConfigError(f"{path} is not a journal of 'd1 fleet up'. Move it to another folder")
    return events


def _whole(path: Path) -> int:
    """Return the size of the whole lines in bytes."""
    return path.read_bytes().rfind(b"\n") + 1
