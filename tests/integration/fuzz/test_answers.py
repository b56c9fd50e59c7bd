"""Whatever answers, each call returns or raises one of our errors, in one line that can be printed."""

from __future__ import annotations

import io
import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_d1.cloudflare import transfer
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import Client
from pulumi_d1.cloudflare.connections import Answered
from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.copying.copy import CopyNames, copy_database
from pulumi_d1.errors import ApiError, D1Error, NoConnection, OutcomeUnknown
from pulumi_d1.migrations import ledger, live
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.past.baseline import Marks, mark_applied
from pulumi_d1.migrations.run.options import OnFailure, RunOptions
from pulumi_d1.protection.guard import inspect_database
from pulumi_d1.sqlite import schema
from tests.support.fuzzing import fuzz_inputs, mutated_text, mutated_value
from tests.support.runner import TARGET, apply_files

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping

    from pulumi_d1.cloudflare.database import D1Api

UUID = "d5b1d127-1111-4222-8333-444444444444"
BOOKMARK = "00000085-0000024c-00004c6d-8e61117bf38d7adb71b934ebbf891683"
INFO = {"uuid": UUID, "name": "shop", "created_at": "2026-05-23T08:33:54.590Z", "jurisdiction": None, "file_size": 4096}
LEDGER = [{"id": 1, "name": "0001_users.sql", "applied_at": "2026-11-23 02:10:00"}]
TABLES = [{"type": "table", "name": "users", "tbl_name": "users", "sql": "CREATE TABLE users (id INTEGER)"}]
TABLES_AND_LEDGER = [
    {**TABLES[0], "applied_at": None, "place": 1},
    {"type": None, "name": "0001_users.sql", "tbl_name": None, "sql": None, "applied_at": "2026-11-23", "place": 1},
]
COUNTS = [{"place": 0, "total": 3, "indexed": 3, "cells": "1,'a'", "size": 9, "piece": "00", "id": "1", "seq": 4}]
STATUSES = (
    200,
    200,
    200,
    200,
    201,
    202,
    204,
    302,
    400,
    400,
    401,
    403,
    404,
    407,
    408,
    409,
    429,
    429,
    499,
    500,
    503,
    599,
)
RETRY_AFTER = (
    *("", "", "1", "0", "-1", "nan", "inf", "1e400", "soon", "99999999", "1_0", "٣", "\x00", "5, 7", "9" * 5000),
    *("Wed, 21 Oct 99999999 07:28:00 GMT", "Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 99 Foo", "Mon, 01 Jan 0001 00:00:00"),
    *("Wed, 21 Oct 2026 99:99:99 GMT", "Wed, 21 Oct 2026 07:28:00 +99999999", "Wed, 21 Oct 2026 07:28:00 -0000"),
)
MESSAGES = (
    'near "x": syntax error at offset 0: SQLITE_ERROR',
    "no such table: d1_migrations: SQLITE_ERROR",
    "UNIQUE constraint failed: d1_migrations.name: SQLITE_CONSTRAINT",
    "Currently processing a long-running import.",
    "D1 DB is overloaded. Too many requests queued.",
    "Your account has exceeded D1's free tier daily row read limit.",
    "Exceeded maximum DB size",
    "internal error; reference = e_1",
    "two\nlines\x1b[2J and a row's value",
)


@dataclass
class RandomCloudflare:
    """Stands in for Connections: each answer is a valid one with random changes."""

    dice: random.Random

    @contextmanager
    def send(self, _: str, url: str, *__: Any, limit: int, **___: Any) -> Iterator[Answered]:
        yield self._answer(url, limit)

    def _answer(self, url: str, limit: int) -> Answered:
        dice = self.dice
        if dice.random() < 0.04:
            raise OutcomeUnknown("no answer") if dice.random() < 0.5 else NoConnection("refused")
        status = dice.choice(STATUSES)
        if url.startswith("http://storage"):
            return Answered(status, {"etag": "x", "content-length": "9"}, _pieces(b"SELECT 1;", limit))
        body = self._envelope(url, failed=status >= 400 and dice.random() < 0.8)
        value = mutated_value(dice, body) if dice.random() < 0.8 else body
        data = json.dumps(value).encode()
        if dice.random() < 0.1:
            data = mutated_text(dice, [data.decode()], ["[", "{", '"', "1", "null", "\\ud800", "NaN", '{"a":'])
        return Answered(status, {"retry-after": dice.choice(RETRY_AFTER)}, _pieces(data, limit))

    def _envelope(self, url: str, *, failed: bool) -> dict[str, Any]:
        dice = self.dice
        if failed:
            errors = [{"code": dice.choice((7500, 7400, 7403, 7404, 7502, 10000)), "message": dice.choice(MESSAGES)}]
            return {"result": None, "success": False, "errors": errors, "messages": []}
        return {"result": self._result(url), "success": True, "errors": [], "messages": [], "result_info": {"page": 1}}

    def _result(self, url: str) -> Any:
        dice = self.dice
        if url.endswith("/query"):
            rows = dice.choice(([], LEDGER, TABLES, TABLES_AND_LEDGER, COUNTS))
            return [{"results": rows, "success": True, "meta": {"rows_read": 1, "size_after": 4096}}]
        if url.endswith(("/import", "/export")):
            status = dice.choice(("active", "complete", "complete", "error"))
            files = {"signed_url": "http://storage/f", "filename": "f", "num_queries": 1}
            more = {"upload_url": "http://storage/f", "filename": "f"} if dice.random() < 0.3 else {}
            state = {"status": status, "success": status != "error", "at_bookmark": "1", "error": dice.choice(MESSAGES)}
            return {**state, "result": files, **more}
        if "/time_travel/" in url:
            return {"bookmark": BOOKMARK, "previous_bookmark": BOOKMARK}
        return [INFO] if url.endswith("/database") or "/database?" in url else INFO


def _pieces(data: bytes, limit: int) -> Any:
    assert len(data) < limit
    yield data


def _actions() -> Mapping[str, Callable[[D1Api, Account], object]]:
    users = Migration("0001_users.sql", "CREATE TABLE users (id INTEGER);")
    more = Migration("0002_more.sql", "CREATE TRIGGER t AFTER INSERT ON users BEGIN SELECT 1; END;")
    names = CopyNames("dev", "pr-1", ledger.DEFAULT_TABLE)
    restoring = RunOptions(on_failure=OnFailure.RESTORE, import_timeout=timedelta(0))
    return {
        "read": lambda database, _: database.read("SELECT 1"),
        "query": lambda database, _: database.query(["SELECT 1", "SELECT 2"]),
        "write": lambda database, _: database.write("SELECT 1"),
        "import": lambda database, _: database.import_script("SELECT 1;", timeout=timedelta(0)),
        "export": lambda database, _: database.export(io.BytesIO()),
        "bookmark": lambda database, _: database.bookmark(),
        "bookmark_at": lambda database, _: database.bookmark_at(datetime(2026, 1, 1, tzinfo=UTC)),
        "restore": lambda database, _: database.restore(BOOKMARK),
        "databases": lambda _, account: list(islice(account.databases(), 50)),
        "named": lambda _, account: list(islice(account.databases("shop"), 50)),
        "find": lambda _, account: account.find("shop"),
        "create": lambda _, account: account.create("shop"),
        "delete": lambda _, account: account.delete(UUID),
        "ledger": lambda database, _: live.read_ledger(database, ledger.DEFAULT_TABLE),
        "live": lambda database, _: schema.build(live.read_database(database, ledger.DEFAULT_TABLE).objects),
        "inspect": lambda database, _: inspect_database(lambda: database, ledger.DEFAULT_TABLE),
        "baseline": lambda database, _: mark_applied(
            database, Marks(("0001_users.sql",), ledger.DEFAULT_TABLE), lambda _: None
        ),
        "run": lambda database, _: apply_files(
            database, [users, more], TARGET, options=restoring, retry=database.retry
        ),
        "copy": lambda database, _: copy_database(database, database, names, retry=database.retry),
    }


@pytest.fixture(autouse=True)
def short_transfers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "TRANSFER_TIMEOUT", timedelta(0))


def test_no_answer_raises_anything_but_our_errors(messages: list[str]) -> None:
    actions = _actions()
    for number, dice in fuzz_inputs("answers"):
        name = dice.choice(list(actions))
        retry = Retry(lambda _: None, lambda: 1.0, patience=20)
        pool: Any = RandomCloudflare(dice)
        client = Client("http://api", "s3cret", 1, pool)
        account = Account(client, "account", retry)
        try:
            actions[name](account.database(UUID), account)
        except D1Error as error:
            _check_message(error, f"input {number}, {name}")
        except Exception as error:  # noqa: BLE001 - what the test looks for
            pytest.fail(f"input {number}, {name}: {error!r}", pytrace=True)
        for message in messages:
            _check_line(message, f"input {number}, {name}: log")
        messages.clear()


def _check_message(error: D1Error, place: str) -> None:
    assert "s3cret" not in str(error), place
    for line in str(error).split("\n") if not isinstance(error, ApiError) else [str(error)]:
        _check_line(line, place)


def _check_line(line: str, place: str) -> None:
    assert line.isprintable(), f"{place}: {line!r}"
    assert len(line) < 3_000, f"{place}: {line[:200]!r}"
