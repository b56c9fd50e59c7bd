"""`d1 plan` reports what happens to the rows of a database, file by file, and writes nothing."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from d1_emulator.server import DEFAULT_TOKEN
from pulumi_d1.cli.main import main
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import make_client
from pulumi_d1.migrations import ledger
from tests.support.cases.table import CASES, Case
from tests.support.paths import EXAMPLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result

    from pulumi_d1.cloudflare.database import D1Api

FILE = "migrations/0002_pending.sql"


@pytest.fixture
def database(tmp_path: Path, base_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[D1Api]:
    """Return an empty database of the stack prod, and run commands in its project."""
    account = uuid4().hex
    for name in ("Pulumi.yaml", "Pulumi.prod.yaml"):
        shutil.copy(EXAMPLE / name, tmp_path)
    (tmp_path / "migrations").mkdir()
    monkeypatch.chdir(tmp_path)
    variables = {"BASE_URL": base_url, "ACCOUNT_ID": account, "API_TOKEN": DEFAULT_TOKEN}
    for name, value in variables.items():
        monkeypatch.setenv(f"CLOUDFLARE_{name}", value)
    client = make_client(DEFAULT_TOKEN, base_url=base_url)
    yield Account(client, account).create("your-app-db-prod")
    client.pool.clear()


@pytest.fixture
def arrange(tmp_path: Path, database: D1Api) -> Callable[[Case], None]:
    """Return a function that applies the database of a case and makes its migration pending."""

    def apply(case: Case) -> None:
        (tmp_path / "migrations" / "0001_live.sql").write_text(case.live)
        (tmp_path / FILE).write_text(case.pending)
        recorded = ledger.insert("d1_migrations", "0001_live.sql")
        database.write(f"{ledger.create('d1_migrations')}{case.live}{recorded}")

    return apply


def d1(*arguments: str) -> Result:
    """Run a command in this process. The rehearsal has a process of its own anyhow."""
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def plan(*options: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(d1("plan", "--stack", "prod", "--json", *options).stdout)
    return report


def as_line(finding: dict[str, Any]) -> str:
    return f"{finding['line']}:{finding['column']}: {finding['code']} {finding['message']}"


@pytest.mark.parametrize("name", CASES)
def test_each_case_is_reported_with_its_place_and_nothing_is_written(
    name: str, database: D1Api, arrange: Callable[[Case], None]
) -> None:
    case = CASES[name]
    arrange(case)
    before = database.bookmark()
    report = plan()
    for kind, expected in (("errors", case.errors), ("warnings", case.warnings)):
        lines = [as_line(finding) for finding in report[kind]]
        assert len(lines) == len(expected), lines
        for line, start in zip(lines, expected, strict=True):
            assert line.startswith(start)
    findings = [*report["warnings"], *report["errors"]]
    assert {finding["file"] for finding in findings} <= {FILE}
    assert [finding["code"] for finding in report["allowed"]] == list(case.allowed)
    assert any(finding["refused"] for finding in findings) == case.refused
    assert report["basis"].startswith("rehearsed on "), report["basis"]
    assert "generated" not in report["basis"]
    if case.advice:
        assert case.advice in findings[-1]["instead"]

    done = d1("plan", "--stack", "prod")
    assert done.exit_code == (1 if case.errors else 2)
    for finding in findings:
        assert f"  {FILE}:{as_line(finding)}\n    instead: {finding['instead']}" in done.stdout
    errors, warnings = len(case.errors), len(case.warnings)
    counts = f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"
    assert done.stdout.endswith(f"your-app-db-prod: 1 applied, 1 pending, {counts}\n")
    assert done.stderr == ""
    assert database.bookmark() == before
