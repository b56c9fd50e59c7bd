"""The databases of each account, and their folders in the state folder. No HTTP here.

Accounts need not be created: every account id works.
"""

from __future__ import annotations

import shutil
import threading
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from d1_emulator.api_errors import DatabaseNotFound, LimitReached, NameTaken, RestoresExhausted
from d1_emulator.databases.emulated_database import EmulatedDatabase
from d1_emulator.databases.limits import Limits
from d1_emulator.databases.sql_process import SqlProcesses
from d1_emulator.databases.state_folder import (
    CREATING,
    DELETED,
    DatabaseRecord,
    database_folders,
    locked,
    read_record,
    write_record,
)
from d1_emulator.databases.usage import Usage
from d1_emulator.ratelimit import Meter
from d1_emulator.timetravel.commit_log import format_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MAX_OPEN: Final = 8  # each has a process of its own
_DEFAULT_REGION: Final = "WEUR"


@contextmanager
def open_registry(state: Path, limits: Limits | None = None) -> Iterator[Registry]:
    """Open the state folder, created if missing, and close all databases at the end.

    Raises:
        ConfigError: Another process serves the folder, or a file in it is damaged.
    """
    with locked(state):
        registry = Registry(state, limits or Limits())
        try:
            yield registry
        finally:
            registry.close()


class Registry:
    """All databases of a state folder. Safe for threads. Create one with `open_registry`."""

    def __init__(self, state: Path, limits: Limits) -> None:
        self.limits = limits
        self.usage = Usage()
        self._restores = Meter()
        self._state = state
        self._lock = threading.Lock()
        self._records: dict[str, dict[str, DatabaseRecord]] = {}  # account id -> uuid -> record, oldest first
        self._databases: dict[str, EmulatedDatabase] = {}  # by uuid
        self._recent: OrderedDict[str, EmulatedDatabase] = OrderedDict()  # may be open; latest use last
        records = [(folder.parent.name, read_record(folder)) for folder in database_folders(state)]
        self._processes = SqlProcesses()
        for account, record in sorted(records, key=lambda item: item[1].created_at):
            self._add(account, record)

    def create(
        self, account: str, name: str, region: str | None, jurisdiction: str | None, replication: str
    ) -> DatabaseRecord:
        """Create an empty database; without a region, in the default one.

        Raises:
            NameTaken: The account has a database with this name.
            LimitReached: The account has reached its limit of databases.
        """
        now = datetime.now(UTC)
        record = DatabaseRecord(
            str(uuid4()), name, format_time(now), region or _DEFAULT_REGION, jurisdiction, replication
        )
        with self._lock:
            records = self._records.get(account, {})
            if any(other.name == name for other in records.values()):
                raise NameTaken
            if len(records) >= self.limits.databases:
                raise LimitReached(self.limits.databases)
            folder = self._folder(account, record.uuid)
            unfinished = folder.with_suffix(CREATING)
            unfinished.mkdir(parents=True)
            EmulatedDatabase(unfinished, record.uuid, self._processes).create(now)
            write_record(unfinished, record)
            unfinished.rename(folder)
            self._add(account, record)
        return record

    def search(self, account: str, part: str) -> tuple[DatabaseRecord, ...]:
        """Return the databases whose name contains `part`, oldest first; an empty `part` returns all."""
        with self._lock:
            return tuple(record for record in self._records.get(account, {}).values() if part in record.name)

    def find(self, account: str, uuid_or_name: str) -> DatabaseRecord:
        """Return a database by its uuid, or else by its name. Raises DatabaseNotFound."""
        with self._lock:
            records = self._records.get(account, {})
            if uuid_or_name in records:
                return records[uuid_or_name]
            for record in records.values():
                if record.name == uuid_or_name:
                    return record
        raise DatabaseNotFound

    def set_replication(self, account: str, uuid: str, mode: str) -> DatabaseRecord:
        """Set the mode of the read replication, the only property that can change. Raises DatabaseNotFound."""
        with self._lock:
            record = replace(self._record(account, uuid), replication=mode)
            write_record(self._folder(account, uuid), record)
            self._records[account][uuid] = record
            return record

    def delete(self, account: str, uuid: str) -> None:
        """Delete a database and its history. Raises DatabaseNotFound."""
        with self._lock:
            self._record(account, uuid)
            del self._records[account][uuid]
            database = self._databases.pop(uuid)
            self._recent.pop(uuid, None)
        database.close(for_good=True)
        deleted = self._folder(account, uuid).with_suffix(DELETED)
        self._folder(account, uuid).rename(deleted)
        shutil.rmtree(deleted)

    def database(self, account: str, uuid: str) -> EmulatedDatabase:
        """Return the database itself, to query or restore. Raises DatabaseNotFound."""
        with self._lock:
            self._record(account, uuid)
            database = self._databases[uuid]
            self._recent[uuid] = database
            self._recent.move_to_end(uuid)
            self._close_idle()
            return database

    def set_limits(self, limits: Limits) -> None:
        """Replace the limits, and reset the count of restores. `rotate_bytes` applies to databases created later."""
        self.limits = limits
        self._restores = Meter()

    def count_restore(self, uuid: str) -> None:
        """Count a restore of a database. Raises RestoresExhausted."""
        quota = self.limits.restores
        if quota is not None and self._restores.take(uuid, quota).refused:
            raise RestoresExhausted(quota.requests, quota.seconds)

    def close(self) -> None:
        """End all requests, and close all databases. Safe for threads; may be called again."""
        self._processes.close()
        for database in list(self._databases.values()):
            database.close(for_good=True)

    def _close_idle(self) -> None:
        """Close the least recently used connections above the bound. One that is in use stays open for now."""
        excess = len(self._recent) - _MAX_OPEN
        for uuid in list(self._recent)[: max(excess, 0)]:
            if self._recent[uuid].try_close():
                del self._recent[uuid]

    def _record(self, account: str, uuid: str) -> DatabaseRecord:
        try:
            return self._records[account][uuid]
        except KeyError:
            raise DatabaseNotFound from None

    def _add(self, account: str, record: DatabaseRecord) -> None:
        self._records.setdefault(account, {})[record.uuid] = record
        self._databases[record.uuid] = EmulatedDatabase(
            self._folder(account, record.uuid),
            record.uuid,
            self._processes,
            rotate_bytes=self.limits.rotate_bytes,
            count=partial(self.usage.add, account, record.uuid),
        )

    def _folder(self, account: str, uuid: str) -> Path:
        return self._state / account / uuid
