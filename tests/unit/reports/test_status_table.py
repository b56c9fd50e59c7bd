"""The status table of a document changes only if a database does."""

from __future__ import annotations

import pytest

from pulumi_d1.reports.status_table import LOCAL, StatusRow, status_table, with_local_rows_of

SEED = """\
| Database | Status | Last Migration | Time Travel Enabled |
|----------|--------|----------------|---------------------|
| Development | Not Started | - | ✅ |
| Production | Not Started | - | ✅ |
| Local | Not Started | - | ❌ (Local only) |
"""


def test_a_project_that_has_not_started_has_this_table() -> None:
    rows = [
        StatusRow("Development", "dev", "", "not started", time_travel=True),
        StatusRow("Production", "prod", "", "not started", time_travel=True),
        StatusRow(LOCAL, "", "", "not started", time_travel=False),
    ]
    assert status_table(rows) == SEED


@pytest.mark.parametrize(
    ("status", "drift", "words"),
    [
        ("up to date", (), "Up to Date"),
        ("up to date", ("table x",), "Drifted"),
        ("12 pending", (), "12 Pending"),
        ("1 pending", ("table x",), "1 Pending, Drifted"),
        ("not started", (), "Not Started"),
        ("gone", (), "Gone"),
        ("unreachable", (), "Unreachable"),
    ],
)
def test_each_status_has_its_words(status: str, drift: tuple[str, ...], words: str) -> None:
    assert StatusRow("Development", "dev", "", status, drift=drift).cells[1] == words


def test_unknown_time_travel_is_a_dash() -> None:
    assert StatusRow("Development", "dev", "shop-db-dev", "gone").cells[3] == "-"
    assert StatusRow("Development", "dev", "shop-db-dev", "up to date", time_travel=False).cells[3] == "❌"


def test_names_of_stacks_and_files_are_code() -> None:
    table = status_table([StatusRow("pr-12", "pr-12", "", "up to date", "0001_a|b.sql", time_travel=True)])
    assert table.splitlines()[-1] == r"| `pr-12` | Up to Date | `0001_a\|b.sql` | ✅ |"


def test_local_rows_of_another_machine_are_kept() -> None:
    local = "| Local | Not Started | - | ❌ (Local only) |"
    other = "| Local | 2 Pending | `0001_a.sql` | ❌ (Local only) |"
    text = f"# Database\n\n{SEED.replace(local, other)}"
    assert with_local_rows_of(text, SEED) == SEED.replace(local, other)
    assert with_local_rows_of("# Database\n", SEED) == SEED
    changed = SEED.replace("| Production | Not Started", "| Production | Gone")
    assert with_local_rows_of(text, changed) == changed.replace(local, other)
    several = SEED.replace("| Local |", "| `Local shop-db-dev` |")
    assert with_local_rows_of(several.replace("Not Started", "Gone"), several).splitlines()[-1].count("Gone") == 1
