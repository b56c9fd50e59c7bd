"""A write whose response was lost runs at any moment around the limit: each file is applied once, by the same run."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Final

import pytest

from d1_emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN, serving
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import REQUEST_SECONDS, make_client
from pulumi_d1.cloudflare.database import D1Api
from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.errors import MigrationFailed, OutcomeUnknown, SqlRefused
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.live import read_ledger
from pulumi_d1.migrations.run.options import OnFailure, RunOptions
from pulumi_d1.migrations.run.settling import SETTLE_SECONDS
from tests.support.runner import TARGET, apply_files, arrange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta

READS: Final = [REQUEST_SECONDS + sum(SETTLE_SECONDS[:number]) for number in range(len(SETTLE_SECONDS) + 1)]
"""The moments at which the ledger is read after a lost response, in seconds after the write was sent."""

BEFORE_THE_SECOND: Final = -1.0
AFTER_THE_SECOND: Final = -2.0
AFTER_THE_RUN: Final = -3.0
MOMENTS: Final = [
    0,
    4,
    *(moment for read in READS for moment in (read - 0.1, read + 0.1)),
    40,
    BEFORE_THE_SECOND,
    AFTER_THE_SECOND,
    AFTER_THE_RUN,
]

PRAGMA: Final = "PRAGMA defer_foreign_keys = on;"  # sends a file alone
TRIGGER: Final = "CREATE TRIGGER t AFTER UPDATE ON log BEGIN SELECT 1; END;"
LOG = Migration("0001_log.sql", f"{PRAGMA}\nCREATE TABLE log (file TEXT NOT NULL);")
LAST = Migration("0009_last.sql", f"{PRAGMA}\nINSERT INTO log VALUES ('9');")
LOST = {
    "one file": [Migration("0002_one.sql", f"{PRAGMA}\nINSERT INTO log VALUES ('2');")],
    "three files in one request": [
        Migration(f"000{number}_of_three.sql", f"INSERT INTO log VALUES ('{number}');") for number in (2, 3, 4)
    ],
    "an import": [Migration("0002_import.sql", f"INSERT INTO log VALUES ('2');\n{TRIGGER}")],
    "an import that could run twice": [
        Migration(
            "0002_import.sql",
            "INSERT INTO log VALUES ('2');\n"
            + TRIGGER.replace("TRIGGER", "TRIGGER IF NOT EXISTS")
            + "\nSELECT count(*) FROM log;",
        )
    ],
}
NAMES = count()


@dataclass
class Clock:
    """Time that passes only in `sleep`.

    Attributes:
        events: What happens at a moment, in no order.
    """

    now: float = 0
    events: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for event in [event for event in self.events if 0 <= event[0] <= self.now]:
            self.events.remove(event)
            event[1]()


@dataclass(frozen=True)
class LateDatabase(D1Api):
    """A database whose first write of a file gets no response, and runs at a chosen moment.

    Attributes:
        name: The name of that file.
        moment: Seconds after the write was sent, or one of the constants.
        sent: The scripts that were sent with that file.
        refusals: The errors of the late write.
    """

    clock: Clock = field(default_factory=Clock)
    name: str = ""
    moment: float = 0
    sent: list[str] = field(default_factory=list)
    refusals: list[SqlRefused] = field(default_factory=list)

    def write(self, sql: str) -> None:
        self._send(sql, super().write)

    def import_script(self, *pieces: str, timeout: timedelta | None = None) -> None:
        self._send("".join(pieces), lambda sql: super(LateDatabase, self).import_script(sql, timeout=timeout))

    def arrive(self, moment: float) -> None:
        """Run the late write if this is its moment."""
        for event in [event for event in self.clock.events if event[0] == moment]:
            self.clock.events.remove(event)
            event[1]()

    def end(self) -> None:
        """Run the late write if it has not run yet."""
        self.arrive(AFTER_THE_RUN)
        self.clock.sleep(REQUEST_SECONDS)

    def _send(self, sql: str, run: Callable[[str], None]) -> None:
        if self.name not in sql:
            run(sql)
            return
        self.sent.append(sql)
        if len(self.sent) == 1:
            at = self.clock.now + self.moment if self.moment >= 0 else self.moment
            self.clock.events.append((at, lambda: self._run_late(sql, run)))
            self.clock.sleep(REQUEST_SECONDS)
            raise OutcomeUnknown("no answer")
        self.arrive(BEFORE_THE_SECOND)
        run(sql)
        self.arrive(AFTER_THE_SECOND)

    def _run_late(self, sql: str, run: Callable[[str], None]) -> None:
        try:
            run(sql)
        except SqlRefused as error:
            self.refusals.append(error)


@pytest.fixture(scope="module", params=["transaction", "statements"])
def account(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Account]:
    with serving(tmp_path_factory.mktemp("late")) as address:
        client = make_client(DEFAULT_TOKEN, base_url=address.base_url)
        account = Account(client, DEFAULT_ACCOUNT_ID, Retry(lambda _: None))
        arrange(account.create("any"), imports=request.param)
        yield account
        client.pool.clear()


def late_database(account: Account, name: str, moment: float) -> LateDatabase:
    database = account.create(f"late-{next(NAMES)}")
    clock = Clock()
    retry = Retry(clock.sleep, lambda: 1.0)
    return LateDatabase(database.client, database.account_id, database.database_id, retry, clock, name, moment)


@pytest.mark.parametrize("kind", LOST)
def test_each_file_is_applied_once_by_the_same_run_whenever_the_lost_write_runs(account: Account, kind: str) -> None:
    files = [LOG, *LOST[kind], LAST]
    names = tuple(file.name for file in files)
    for moment in MOMENTS:
        database = late_database(account, LOST[kind][0].name, moment)
        report = apply_files(database, files, TARGET, retry=database.retry)
        database.end()
        assert database.clock.events == [], moment
        assert report.ran == report.ledger == names == read_ledger(database, TARGET.table), moment
        rows = [row["file"] for row in database.read("SELECT file FROM log ORDER BY rowid")]
        assert rows == [name[3] for name in names[1:]], moment
        in_time = 0 <= moment < READS[-1]
        assert len(database.sent) == (1 if in_time else 2), moment
        assert len(database.refusals) == (moment > READS[-1] or moment in {AFTER_THE_SECOND, AFTER_THE_RUN}), moment


@pytest.mark.parametrize("kind", ["one file", "an import"])
def test_after_a_lost_response_a_failure_restores_nothing_because_the_write_may_be_late(
    account: Account, kind: str
) -> None:
    broken = Migration(LAST.name, "INSERT INTO nowhere VALUES (1);")
    for moment in MOMENTS:
        database = late_database(account, LOST[kind][0].name, moment)
        options = RunOptions(on_failure=OnFailure.RESTORE)
        with pytest.raises(MigrationFailed, match="restored  no: a response was lost") as error:
            apply_files(database, [LOG, *LOST[kind], broken], TARGET, options=options, retry=database.retry)
        database.end()
        assert error.value.applied == (LOG.name, LOST[kind][0].name) == read_ledger(database, TARGET.table), moment
        assert database.read("SELECT file FROM log") == ({"file": "2"},), moment
