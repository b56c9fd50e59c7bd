"""A write whose response was lost runs at any moment around the limit: each file is applied once, by the same run."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

import pytest

from d1_emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN, serving
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import REQUEST_SECONDS, make_client
from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.errors import MigrationFailed
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.live import read_ledger
from pulumi_d1.migrations.run.options import OnFailure, RunOptions
from pulumi_d1.migrations.run.settling import SETTLE_SECONDS
from tests.support.reliability.late import AFTER_THE_RUN, AFTER_THE_SECOND, BEFORE_THE_SECOND, LateDatabase
from tests.support.runner import TARGET, apply_files, arrange

if TYPE_CHECKING:
    from collections.abc import Iterator

READS: Final = [REQUEST_SECONDS + sum(SETTLE_SECONDS[:number]) for number in range(len(SETTLE_SECONDS) + 1)]
"""The moments at which the ledger is read after a lost response, in seconds after the write was sent."""

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


@pytest.fixture(scope="module", params=["transaction", "statements"])
def account(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Account]:
    with serving(tmp_path_factory.mktemp("late")) as address:
        client = make_client(DEFAULT_TOKEN, base_url=address.base_url)
        account = Account(client, DEFAULT_ACCOUNT_ID, Retry(lambda _: None))
        arrange(account.create("any"), imports=request.param)
        yield account
        client.pool.clear()


def late_database(account: Account, name: str, moment: float) -> LateDatabase:
    return LateDatabase.of(account.create(f"late-{next(NAMES)}"), name, moment)


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
