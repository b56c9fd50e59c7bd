"""Files on which Cloudflare's /query is reported to fail are applied.

Each runs against an emulator with those defects. The test first shows that the file fails there as a plain query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from d1_emulator.faults.behaviour import Behaviour
from d1_emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN, serving
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import make_client
from pulumi_d1.errors import ApiError, MigrationFailed
from pulumi_d1.migrations.folder import Migration
from tests.support.runner import TARGET, apply_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pulumi_d1.cloudflare.database import D1Api

TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, label TEXT);\n"

SPLIT_WRONGLY = {
    "begin in lower case": f"{TABLE}create trigger tr after insert on t begin delete from t where id > 9; end;",
    "CRLF in the body": f"{TABLE}CREATE TRIGGER tr AFTER INSERT ON t BEGIN\r\nDELETE FROM t WHERE id > 9;\r\nEND;\r\n",
    "CASE in the body": (
        f"{TABLE}CREATE TRIGGER tr AFTER INSERT ON t BEGIN\n"
        "UPDATE t SET label = CASE WHEN id > 9 THEN 'big' ELSE 'small' END;\nSELECT 1;\nEND;"
    ),
    "six tables before the trigger": (
        "".join(f"CREATE TABLE other{number} (id INTEGER PRIMARY KEY);\n" for number in range(6))
        + f"{TABLE}CREATE TRIGGER tr AFTER INSERT ON t BEGIN\nDELETE FROM t WHERE id > 9;\nEND;"
    ),
    "quote in a comment": f"-- it's a comment\n{TABLE}INSERT INTO t VALUES (1, 'a');",
    "semicolon in a comment": f"-- first; second\n{TABLE}",
    "quote in a comment of a statement": "CREATE TABLE t (\n  -- the row's key\n  id INTEGER PRIMARY KEY\n);SELECT 1;",
}


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[D1Api]:
    with serving(tmp_path / "emulator", behaviour=Behaviour(strict_splitter=True)) as address:
        client = make_client(DEFAULT_TOKEN, base_url=address.base_url)
        yield Account(client, DEFAULT_ACCOUNT_ID).create(TARGET.name)
        client.pool.clear()


@pytest.mark.parametrize("case", SPLIT_WRONGLY)
def test_a_file_that_query_splits_wrongly_is_applied(strict: D1Api, case: str) -> None:
    with pytest.raises(ApiError, match="code 7500"):
        strict.write(SPLIT_WRONGLY[case])
    report = apply_files(strict, [Migration("0001.sql", SPLIT_WRONGLY[case])], TARGET)
    assert report.ledger == ("0001.sql",)
    made = {row["name"] for row in strict.read("SELECT name FROM sqlite_master WHERE name IN ('t', 'tr')")}
    assert made == ({"t", "tr"} if "trigger" in SPLIT_WRONGLY[case].lower() else {"t"})


def test_a_file_that_an_import_refuses_fails_with_its_name_and_leaves_nothing(strict: D1Api) -> None:
    broken = f"{SPLIT_WRONGLY['begin in lower case']}\nINSERT INTO nowhere VALUES (1);"
    with pytest.raises(MigrationFailed, match=r"migrations/0001\.sql failed: no such table: nowhere") as error:
        apply_files(strict, [Migration("0001.sql", broken)], TARGET)
    assert "fix the file" in str(error.value)
    assert strict.read("SELECT name FROM sqlite_master WHERE name IN ('t', 'tr', 'd1_migrations')") == ()
