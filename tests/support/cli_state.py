"""A Pulumi state in which the stack prod owns a database and has applied files."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pulumi_d1.migrations.bookmark import bookmark_now
from pulumi_d1.migrations.past.history import Application
from pulumi_d1.migrations.run.options import RunOptions
from pulumi_d1.program import tokens
from tests.support.fake_pulumi import FakePulumi, database_resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from tests.support.cli_project import ReviewedDatabase


def give_state(prod: ReviewedDatabase, applied: Sequence[str], by: str, monkeypatch: pytest.MonkeyPatch) -> FakePulumi:
    """Put a `pulumi` on PATH whose stack prod has applied these files in one run."""
    fake = FakePulumi.install(prod.folder / "pulumi")
    monkeypatch.setenv("PATH", fake.on_path(os.environ)["PATH"])
    bookmark = bookmark_now(prod.database.bookmark(), timedelta(days=30))
    now = datetime.now(UTC).replace(microsecond=0)
    history = [Application(name, "0" * 64, now, 0.25, by, "4f2a9c1" + "0" * 33, bookmark) for name in applied]
    database = database_resource("d1", prod.database.database_id)
    outputs = {
        "account_id": prod.database.account_id,
        "database_id": prod.database.database_id,
        "database_name": "your-app-db-prod",
        "migrations_dir": "migrations",
        "migrations_pattern": "",
        "migrations_table": "d1_migrations",
        "run": RunOptions(retention=timedelta(days=30)).as_json(),
        "checksums": {"0001_live.sql": "0" * 64},
        "bookmark": {"id": bookmark.id, "expires": bookmark.expires.isoformat()},
        "history": [item.as_json() for item in history],
    }
    component = {"type": tokens.ENVIRONMENT, "urn": database["parent"], "outputs": {"wrangler_entries": []}}
    migrations = {
        "type": tokens.MIGRATIONS,
        "urn": f"{database['parent']}-migrations",
        "parent": database["parent"],
        "outputs": outputs,
    }
    fake.run("prod", [component, database, migrations])
    return fake
