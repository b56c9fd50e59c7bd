"""`d1 explain` prints the documentation in a folder that has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from pulumi_d1.cli.main import main
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def d1(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_a_finding_is_explained_in_the_words_of_its_page() -> None:
    done = d1("explain", "d101")
    assert done.exit_code == 0
    assert done.output.startswith("## D101: foreign keys delete or change rows of other tables\n")
    assert done.output in (ROOT / "docs" / "lint.md").read_text()


def test_a_term_of_several_words_needs_no_quotes() -> None:
    assert d1("explain", "pending", "file").output == (
        "**pending file**: A migration of the folder that is not in the ledger.\n"
    )


def test_without_a_topic_all_are_listed() -> None:
    lines = d1("explain").output.splitlines()
    for name in ("D101", "bookmark", "failures"):
        assert sum(line.startswith(f"  {name} ") for line in lines) == 1
    assert [line for line in lines if line.endswith(":") and not line.startswith(" ")] == [
        "Findings:",
        "Terms:",
        "Pages:",
    ]
    assert max(map(len, lines)) <= 80


def test_an_unknown_topic_exits_with_1_and_one_message() -> None:
    done = d1("explain", "bookmrk")
    assert (done.exit_code, done.stdout) == (1, "")
    assert (
        done.stderr == "Error: there is no topic 'bookmrk': did you mean 'bookmark'? 'd1 explain' lists all of them\n"
    )
