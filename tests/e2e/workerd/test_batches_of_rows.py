"""Files in batches on the real D1 engine: each row is changed once, and the ledger row comes last."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.migrations import ledger, live
from pulumi_d1.migrations.batches import read_batches
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.run.outcome import APPLIED
from pulumi_d1.migrations.run.repeat import Batches
from tests.support.batch_cases import CASES, FILL
from tests.support.real_database import RealDatabase
from tests.support.runner import TARGET

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import Database
    from tests.support.workerd import Service

NAME = "0002_batches.sql"


@pytest.mark.parametrize("case", CASES)
def test_batches_leave_what_the_statement_leaves(real_engine: Service, case: str) -> None:
    schema, sql, query, expected = CASES[case]
    database = RealDatabase(real_engine.new())
    database.write(f"{ledger.create(TARGET.table)}{schema};{FILL.format(10)}")
    statement = read_batches(Migration(NAME, f"-- d1:batch 3\n{sql};\n"))
    assert statement
    batches = Batches(cast("Database", database), statement, NAME, TARGET.table, "a bookmark", Retry())
    assert batches.send() is APPLIED
    [row] = database.read(query)
    assert list(row.values()) == expected
    now = live.read_database(database, TARGET.table)
    assert (now.ledger, dict(now.begun)) == ((NAME,), {})
