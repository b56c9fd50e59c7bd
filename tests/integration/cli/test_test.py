"""`d1 test` runs the tests of the migrations without access to Cloudflare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from pulumi_d1.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the tests, with one that passes."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n")
    folder = tmp_path / "migrations" / "tests"
    folder.mkdir(parents=True)
    (folder.parent / "0001_users.sql").write_text("CREATE TABLE users (id INTEGER PRIMARY KEY);\n")
    (folder.parent / "0002_name.sql").write_text("ALTER TABLE users ADD COLUMN name TEXT NOT NULL DEFAULT '';\n")
    (folder / "0002_name.sql").write_text("INSERT INTO users VALUES (1);\n-- d1:after\nSELECT name = '' FROM users;\n")
    monkeypatch.chdir(tmp_path)
    for name in ("CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return folder


def d1(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["test", *arguments], catch_exceptions=False)


def test_the_exit_code_follows_the_tests(tests: Path) -> None:
    done = d1()
    assert done.exit_code == 0
    assert done.stdout.startswith("migrations/tests/0002_name.sql passed\n1 test: 1 passed, 0 failed in ")
    (tests / "0002_name.null.sql").write_text("-- d1:after\nSELECT count(*) = 1 FROM users;\n")
    done = d1()
    assert done.exit_code == 1
    assert "migrations/tests/0002_name.null.sql:2:1: column 1 of row 1 is not true\n" in done.stdout
    assert d1("0002_name.sql").exit_code == 0
    assert '<testsuite name="d1 test" tests="2" failures="1">' in d1("--format", "junit").stdout


def test_a_project_without_tests_is_no_error(tests: Path) -> None:
    (tests / "0002_name.sql").unlink()
    done = d1()
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "there are no tests in migrations/tests\n"


@pytest.mark.usefixtures("tests")
def test_a_test_that_is_not_there_is_refused() -> None:
    refused = d1("0002_names.sql")
    assert refused.exit_code == 1
    assert refused.stderr == "Error: there is no test 0002_names.sql. Tests: 0002_name.sql\n"


def test_a_test_that_never_ends_is_stopped(tests: Path) -> None:
    (tests.parent.parent / "Pulumi.dev.yaml").write_text("config:\n  shop:rehearsalBudget: 1\n")
    (tests / "0002_name.sql").write_text(
        "-- d1:after\nWITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;\n"
    )
    refused = d1()
    assert refused.exit_code == 1
    reason = "migrations/tests/0002_name.sql:2:1: the time or the memory of the tests is used up: see rehearsalBudget"
    assert reason in refused.stdout


def test_a_test_whose_statement_cannot_be_interrupted_is_killed(tests: Path) -> None:
    (tests.parent.parent / "Pulumi.dev.yaml").write_text("config:\n  shop:rehearsalBudget: 1\n")
    slow = "instr(zeroblob(2000000), zeroblob(999999) || x'01')"
    (tests / "0002_name.sql").write_text(f"-- d1:after\nSELECT {' + '.join([slow] * 40)} = 0;\n")
    refused = d1()
    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: migrations/tests/0002_name.sql: the tests took longer than 1 s: nothing")
