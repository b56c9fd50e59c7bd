"""The output in docs/scale.md is what the commands print, and its recipes work."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.support import postgresql
from tests.support.paths import ROOT
from tests.support.tenants import HAS_LOG

if TYPE_CHECKING:
    from tests.support.tenants import Tenants

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "scale.md").read_text()
CHECKED = re.compile(r"<!-- checked.*?-->\n```console\n(.*?)```", re.DOTALL)


def recipe(name: str) -> list[list[str]]:
    """Return the arguments of each `d1 fleet` in a recipe."""
    block = PAGE.split(f"<!-- recipe: {name} -->")[1].split("```")[1]
    return [shlex.split(line) for line in re.findall(r"d1 fleet (.+)", block)]


def test_the_page_shows_what_the_commands_print(tenants: Tenants) -> None:
    blocks = CHECKED.findall(PAGE)
    assert len(blocks) == 3
    for block in blocks:
        for command, output in re.findall(r"\$ d1 fleet (.+)\n((?:[^$].*\n)*)", block):
            result = tenants.d1(*command.split())
            assert (result.exit_code, result.stdout) == (0, output), command


def test_the_recipe_for_one_machine(tenants: Tenants) -> None:
    tenants.create(3)
    plan, up, history = (tenants.d1(*arguments) for arguments in recipe("one machine"))
    assert (plan.exit_code, up.exit_code) == (2, 0)
    assert "ended: 3 done" in history.stdout
    assert tenants.logs() == {("1",)}


@pytest.mark.thorough
def test_the_recipe_for_shards(tenants: Tenants) -> None:
    tenants.create(6)
    [up] = recipe("shards")
    for part in "1234":
        result = tenants.d1(*" ".join(up).replace("'", "").replace("${{ matrix.part }}", part).split())
        assert result.exit_code == 0, result.output
    assert tenants.logs() == {("1",)}


def test_the_recipe_for_workers(tenants: Tenants, monkeypatch: pytest.MonkeyPatch) -> None:
    tenants.create(4)
    worker, up, status = recipe("workers")
    with postgresql.serving() as cluster:
        monkeypatch.setenv("D1_FLEET_DATABASE", cluster.url)
        tenants.project.environment["D1_FLEET_DATABASE"] = cluster.url
        with tenants.start(*worker) as process:
            run = tenants.d1(*up).stdout.strip()
            watched = tenants.d1(*status)
            process.terminate()
            _, messages = process.communicate()
        assert process.returncode == 0, messages
        assert watched.stdout.startswith(f"run {run} ended\ndone               4\n")
        assert "used by another application" not in messages
    assert tenants.logs() == {("1",)}


@pytest.mark.thorough
def test_a_command_works_only_on_its_own_run_in_postgresql(tenants: Tenants, monkeypatch: pytest.MonkeyPatch) -> None:
    tenants.create(3)
    with postgresql.serving() as cluster:
        monkeypatch.setenv("D1_FLEET_DATABASE", cluster.url)
        first, again = (
            json.loads(tenants.d1("up", "--match", "*-000", "--yes", "--detach", "--json").stdout) for _ in range(2)
        )
        assert first == again
        assert tenants.fleet("up", "--match", "*-00[12]", "--yes")["count"]["done"] == 2
        assert tenants.database(0).read(HAS_LOG) == ()
        assert tenants.fleet("retry", first["run"], "--yes")["count"]["done"] == 1
        with psycopg.connect(cluster.url, autocommit=True) as connection:  # as if a worker had not finished it
            connection.execute(
                "UPDATE dbos.workflow_status SET status = 'PENDING' WHERE queue_name = %s", (first["run"],)
            )
        refused = tenants.d1("restore", "--run", first["run"], "--yes")
    assert f"run {first['run']} still has 1 database in progress: wait until" in refused.stderr
    assert tenants.logs() == {("1",)}


def test_a_user_of_postgresql_who_may_not_create_the_tables_gets_a_reason(tenants: Tenants) -> None:
    with postgresql.serving() as cluster:
        with psycopg.connect(cluster.url, autocommit=True) as connection:
            connection.execute("CREATE ROLE reader LOGIN")
            connection.execute("GRANT CREATE ON SCHEMA public TO reader")
        refused = tenants.d1("history", "--database", cluster.url.replace("postgres@", "reader@"))
    assert refused.exit_code == 1
    assert refused.stderr.endswith("cannot be opened: permission denied for database postgres\n")
