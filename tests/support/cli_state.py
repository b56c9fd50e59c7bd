"""A Pulumi state in which a stack owns a database and has applied files."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pulumi_d1.migrations.bookmark import bookmark_now
from pulumi_d1.migrations.past.history import Application
from pulumi_d1.migrations.run.options import RunOptions
from pulumi_d1.program import tokens
from tests.support.fake_pulumi import FakePulumi, database_resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.cli_project import ReviewedDatabase


def put_pulumi_on_path(prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch) -> FakePulumi:
    fake = FakePulumi.install(prod.folder / "pulumi")
    monkeypatch.setenv("PATH", fake.on_path(os.environ)["PATH"])
    return fake


def give_state(
    prod: ReviewedDatabase, applied: Sequence[str], by: str, monkeypatch: pytest.MonkeyPatch, *, days: int = 30
) -> FakePulumi:
    """Put a `pulumi` on PATH whose stack prod has applied these files in one run, with bookmarks kept so many days."""
    fake = put_pulumi_on_path(prod, monkeypatch)
    add_stack(fake, "prod", prod.database, applied, by, days=days)
    return fake


def add_stack(  # noqa: PLR0913 - all that a stack has
    fake: FakePulumi,
    stack: str,
    database: D1Api,
    applied: Sequence[str] = ("0001_live.sql",),
    by: str = "ada",
    *,
    days: int = 30,
) -> None:
    """Add a stack that owns a database and has applied files in one run."""
    bookmark = bookmark_now(database.bookmark(), timedelta(days=days))
    now = datetime.now(UTC).replace(microsecond=0)
    history = [Application(name, "0" * 64, now, 0.25, by, "4f2a9c1" + "0" * 33, bookmark) for name in applied]
    fake.run(stack, stack_resources(database, f"your-app-db-{stack}", history))


def stack_resources(database: D1Api, name: str, history: Sequence[Application]) -> list[dict[str, Any]]:
    """Return the resources of a stack that has applied files to a database."""
    resource = database_resource("d1", database.database_id)
    bookmark = history[-1].bookmark
    outputs = {
        "account_id": database.account_id,
        "database_id": database.database_id,
        "database_name": name,
        "migrations_dir": "migrations",
        "migrations_pattern": "",
        "migrations_table": "d1_migrations",
        "run": RunOptions(retention=bookmark.retention).as_json(),
        "checksums": {"0001_live.sql": "0" * 64},
        "bookmark": {"id": bookmark.id, "expires": bookmark.expires.isoformat()},
        "history": [item.as_json() for item in history],
    }
    component = {"type": tokens.ENVIRONMENT, "urn": resource["parent"], "outputs": {"wrangler_entries": []}}
    migrations = {
        "type": tokens.MIGRATIONS,
        "urn": f"{resource['parent']}-migrations",
        "parent": resource["parent"],
        "outputs": outputs,
    }
    return [component, resource, migrations]
