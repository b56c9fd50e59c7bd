"""Whatever Pulumi prints of a hostile database and of hostile files, no terminal and no CI system obeys it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.sqlite.statements import quoted
from tests.support.hostile_names import HOSTILE_NAMES, faults_of

if TYPE_CHECKING:
    import subprocess

    from tests.support.pulumi_project import Project

pytestmark = pytest.mark.thorough

TABLES = "".join(f"CREATE TABLE {quoted(name)} ({quoted(name)} TEXT);" for name in HOSTILE_NAMES)
OTHERS = "".join(f"CREATE TABLE {quoted(f'{name} 2')} (a);" for name in HOSTILE_NAMES)
SHOWN = r"line\n::error::forged"


def checked(done: subprocess.CompletedProcess[str]) -> str:
    """Return the output of a command after a check that it has no fault."""
    text = done.stdout + done.stderr
    assert faults_of(text) == []
    return text


def test_no_run_prints_what_a_name_carries(migrated: Project) -> None:
    stack = ("--stack", "dev")
    migrated.write("0004_hostile.sql", TABLES)
    assert SHOWN in checked(migrated.pulumi("preview", "--diff", *stack))
    assert SHOWN in checked(migrated.up("dev", "--diff"))
    migrated.database().write(OTHERS)
    refreshed = checked(migrated.pulumi("up", "--refresh", "--yes", "--diff", *stack))
    assert f"{SHOWN} 2 is in the database" in refreshed, "drift"
    inserted = "".join(f"INSERT INTO {quoted(name)} VALUES ('a');" for name in HOSTILE_NAMES)
    migrated.database().write(inserted)
    dropped = "".join(f"DROP TABLE {quoted(name)};" for name in HOSTILE_NAMES)
    migrated.write("0005_dropped.sql", f"{dropped} INSERT INTO {quoted(HOSTILE_NAMES[3])} VALUES (1);")
    failed = migrated.up(check=False)
    assert failed.returncode != 0
    assert SHOWN in checked(failed), "a refused file"
    migrated.pulumi("config", "set", "jurisdiction", "eu", *stack)
    refused = migrated.up(check=False)
    assert refused.returncode != 0
    assert SHOWN in checked(refused), "the tables of a database that would be replaced"


def test_mistakes_in_the_configuration_are_printed_safely(project: Project) -> None:
    keys = ("binding", "migrationsTable", "locationHint", "rehearsalRows", "jurisdiction", "adopt", "ttl")
    values = dict(zip(keys, HOSTILE_NAMES, strict=False))
    lines = "".join(f"  your-app:{key}: {json.dumps(value)}\n" for key, value in values.items())
    file = project.folder / "Pulumi.dev.yaml"
    file.write_text(file.read_text().replace("config:\n", f"config:\n{lines}"))
    failed = project.up(check=False)
    assert failed.returncode != 0
    assert f"rehearsalRows: '{SHOWN}' is not allowed" in checked(failed)
