"""Seconds that each fault holds a run, and the effect of a restore after it. The waits take no time here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from d1_emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN, serving
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import make_client
from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.live import read_ledger
from tests.support.reliability import document
from tests.support.reliability.cells import Kind
from tests.support.reliability.faults import FAULTS
from tests.support.reliability.held import run_into
from tests.support.reliability.held_before import BEFORE
from tests.support.runner import TARGET, apply_files

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.thorough

BROKEN: Final = Migration("0009_broken.sql", "INSERT INTO nowhere VALUES (1);")
FIXED: Final = Migration("0009_broken.sql", "INSERT INTO log VALUES ('0009');")
RESTORE: Final = "if a later file fails, with `onFailure: restore`"
COLUMNS: Final = {Kind.SINGLE: "one file", Kind.IMPORT: "an import", Kind.STATEMENTS: "an import"}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with serving(tmp_path_factory.mktemp("held")) as address:
        client = make_client(DEFAULT_TOKEN, base_url=address.base_url)
        yield Account(client, DEFAULT_ACCOUNT_ID, Retry(lambda _: None))
        client.pool.clear()


def test_whatever_happened_to_a_write_a_failed_run_is_restored_or_kept_as_a_whole(
    account: Account, *, write: bool
) -> None:
    results: dict[tuple[str, str], str] = {}
    for fault in FAULTS:
        results[fault.text, "before"] = BEFORE[fault.text]
        for kind in filter(COLUMNS.__contains__, fault.kinds):
            files, run = run_into(account, fault, kind, BROKEN)
            run.database.end()
            names = read_ledger(run.database, TARGET.table)
            assert names == tuple(file.name for file in files[: len(names)]), fault.text
            assert ("\n  restored  to this bookmark" in str(run.failure)) == (not names), fault.text
            fixed = (*files[:-1], FIXED)
            apply_files(run.database, fixed, TARGET, retry=run.database.retry)
            assert read_ledger(run.database, TARGET.table) == tuple(file.name for file in fixed), fault.text
            rows = [row["file"] for row in run.database.read("SELECT file FROM log ORDER BY rowid")]
            assert rows == [file.name[:4] for file in fixed], fault.text
            ending = "kept" if names else "restored"
            assert results.setdefault((fault.text, RESTORE), ending) == ending, "one column for all kinds"
            if kind is not Kind.STATEMENTS:
                results[fault.text, COLUMNS[kind]] = run.text
    heads = ["before", *dict.fromkeys(COLUMNS.values()), RESTORE]
    document.check("held", document.columns("what happens to the write", heads, results), write=write)
