"""What has become of each database of a run: a file that a kill leaves whole, `.d1/fleet/<run>.jsonl`.

Each line is JSON, and is on disk before the run goes on: the bookmark of a database before its first write, what it has
applied, how it ended. The ledgers of the databases decide what is pending; the journal keeps what they do not have, and
saves a run that goes on the requests for what it has already verified.
"""

from __future__ import annotations

import fcntl
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
from pulumi_d1.fleet.result import Result, State
from pulumi_d1.system.files import sync

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from pulumi_d1.cloudflare.account import Description
    from pulumi_d1.migrations.bookmark import Bookmark
    from pulumi_d1.migrations.folder import Migration

RESUME_SECONDS: Final = 24 * 60 * 60
"""A run that ended longer ago is not gone on with: too much may have happened to what it verified."""


@dataclass(frozen=True, slots=True)
class Key:
    """What two runs have in common when one goes on with the other.

    Attributes:
        command: that runs: up or plan.
        account: Cloudflare account.
        match: the pattern of names.
        shard: as text.
        table: name of the ledger.
        digest: of the folder's names and texts.
    """

    command: str
    account: str
    match: str
    shard: str
    table: str
    digest: str


@dataclass(frozen=True, slots=True)
class Past:
    """What the journal of an unfinished run tells.

    Attributes:
        path: of the journal; None where there is no such run.
        settled: results of databases that need no second look, by UUID.
        bookmarks: the first bookmark of each database that was about to be written to, by UUID.
        pending: names of the files that were pending then, by UUID.
    """

    path: Path | None = None
    settled: dict[str, Result] = field(default_factory=dict)
    bookmarks: dict[str, str] = field(default_factory=dict)
    pending: dict[str, tuple[str, ...]] = field(default_factory=dict)


def digest(files: Sequence[Migration]) -> str:
    """Of the folder: names and texts."""
    return sha256("\n".join(f"{file.sha256} {file.name}" for file in files).encode()).hexdigest()


def find(folder: Path, key: Key, now: float) -> Past:
    """The newest run with this key, where it did not come to its end. Writes nothing.

    Args:
        folder: of the journals.
        key: what the runs have in common.
        now: seconds since 1970.
    """
    for path in sorted(folder.glob("*.jsonl"), reverse=True):
        if _key(path) != asdict(key):
            continue
        lines = _lines(path)
        ended = lines[-1].get("event") == "end" and lines[-1]["complete"]
        return Past() if ended or now - lines[-1]["time"] > RESUME_SECONDS else _past(path, lines)
    return Past()


def recent(folder: Path, account: str, seconds: float, now: float) -> list[float]:
    """Ages in seconds of the requests that runs on this account have sent in the last `seconds`."""
    found: list[float] = []
    for path in folder.glob("*.jsonl"):
        if path.stat().st_mtime < now - seconds or _key(path).get("account") != account:
            continue
        before = 0
        for line in _lines(path):
            age, sent = now - line["time"], line["sent"]
            if "key" in line:  # another process counts from the start
                before = 0
            if 0 <= age < seconds:
                found += [age] * max(sent - before, 0)
            before = sent
    return found


class Journal:
    """The journal of one run, open for writing. Safe for threads.

    Args:
        path: of the file.
        descriptor: of the open file, locked.
        sent: gives how many requests this process has sent so far.
    """

    def __init__(self, path: Path, descriptor: int, sent: Callable[[], int]) -> None:
        self.path = path
        self._descriptor = descriptor
        self._sent = sent
        self._lock = threading.Lock()

    def begin(self, key: Key, *, resumed: bool) -> None:
        """A process is at work from here on."""
        self._write("resumed" if resumed else "run", key=asdict(key))

    def bookmark(self, database: Description, bookmark: Bookmark, pending: Iterable[str]) -> None:
        """The way back, before the first write."""
        self._write(
            "bookmark",
            database=database.name,
            id=database.id,
            bookmark=bookmark.id,
            expires=bookmark.expires.isoformat(),
            pending=list(pending),
        )

    def applied(self, database: Description, names: Iterable[str]) -> None:
        """What has taken effect."""
        self._write("applied", database=database.name, id=database.id, names=list(names))

    def result(self, result: Result) -> None:
        """How a database ended."""
        self._write("result", **asdict(result))

    def end(self, *, complete: bool) -> None:
        """The run is over, and whether nothing is left to do."""
        self._write("end", complete=complete)

    def _write(self, event: str, **more: Any) -> None:
        with self._lock:
            line = {"event": event, "time": time.time(), "sent": self._sent(), **more}
            whole = os.fstat(self._descriptor).st_size
            try:
                left = memoryview(json.dumps(line).encode() + b"\n")
                while left:  # a disk that is nearly full takes a part, and refuses the rest
                    left = left[os.write(self._descriptor, left) :]
                os.fsync(self._descriptor)
            except OSError:
                os.ftruncate(self._descriptor, whole)  # or the next line would go on in the middle of this one
                raise


@contextmanager
def opened(folder: Path, key: Key, past: Past, sent: Callable[[], int]) -> Iterator[Journal]:
    """A journal to write to: a new one, or that of the run that is gone on with.

    Args:
        folder: of the journals; made if need be.
        key: what the runs have in common.
        past: what `find` gave.
        sent: gives how many requests this process has sent so far.

    Raises:
        ConfigError: another process is at work on that run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.jsonl"
    path = past.path or folder / name
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"{path}: another 'd1 fleet up' is at work on this run: wait for it, or stop it"
            ) from None
        os.ftruncate(descriptor, _whole(path))
        journal = Journal(path, descriptor, sent)
        journal.begin(key, resumed=past.path is not None)
        sync(folder)
        yield journal
    finally:
        os.close(descriptor)


def _past(path: Path, lines: Sequence[dict[str, Any]]) -> Past:
    past = Past(path)
    for line in lines:
        if line["event"] == "bookmark":
            past.bookmarks.setdefault(line["id"], line["bookmark"])
            past.pending.setdefault(line["id"], tuple(line["pending"]))
        elif line["event"] == "result":
            state, applied = State(line["state"]), tuple(line["applied"])
            result = Result(line["database"], line["id"], state, applied, line["bookmark"], line["message"])
            if state in {State.DONE, State.UP_TO_DATE}:
                past.settled[result.id] = result
    return past


def _key(path: Path) -> dict[str, str]:
    """What the first line says; nothing where a kill left no whole one."""
    with path.open("rb") as file:
        first = file.readline()
    return dict(_parsed(path, [first])[0].get("key") or {}) if first.endswith(b"\n") else {}


def _lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines; what a kill left of a last one does not count."""
    return _parsed(path, path.read_bytes()[: _whole(path)].splitlines())


def _parsed(path: Path, lines: Sequence[bytes]) -> list[dict[str, Any]]:
    """The lines.

    Raises:
        ConfigError: they are something else.
    """
    try:
        found = [json.loads(line) for line in lines]
    except ValueError as error:
        raise ConfigError(f"{path}: is not the journal that 'd1 fleet up' wrote: {error}: move it away") from None
    if not all(isinstance(line, dict) and line.keys() >= {"event", "time", "sent"} for line in found):
        raise ConfigError(f"{path}: is not the journal that 'd1 fleet up' wrote: move it away")
    return found


def _whole(path: Path) -> int:
    """Bytes of the whole lines."""
    return path.read_bytes().rfind(b"\n") + 1
