"""A preview sends a few requests, however many files and tables there are. docs/performance.md has its time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.support.inspect_project import report_lines

if TYPE_CHECKING:
    from tests.support.pulumi_project import Emulator, Project

pytestmark = pytest.mark.thorough

APPLIED, PENDING, MOST = 200, 5, 5


def watched(emulator: Emulator, rules: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """The emulator's faults, after they were set to `rules`: one that does nothing counts the requests it sees."""
    base = emulator.environment["CLOUDFLARE_BASE_URL"].removesuffix("/client/v4")
    headers = {"Authorization": f"Bearer {emulator.environment['CLOUDFLARE_API_TOKEN']}"}
    with httpx.Client(base_url=base, headers=headers, trust_env=False) as client:
        if rules is not None:
            client.put("/emulator/faults", json={"faults": rules}).raise_for_status()
        found: list[dict[str, Any]] = client.get("/emulator/faults").raise_for_status().json()["result"]["faults"]
        return found


def test_a_preview_of_many_files_costs_few_requests(project: Project, emulator: Emulator) -> None:
    for number in range(10, 10 + APPLIED):
        table = f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, text TEXT NOT NULL);\n"
        project.write(f"{number:04}_table.sql", table)
    project.up()
    project.database().write("INSERT INTO t10 (text) VALUES ('a'), ('b'); INSERT INTO t11 (text) VALUES ('c')")
    for number in range(PENDING):
        project.write(f"{1000 + number}_drop.sql", f"DROP TABLE t{10 + number};\n")

    nothing = {"fault": "latency", "ms": 0, "times": None}
    watched(emulator, [{**nothing}, {**nothing, "endpoint": "query"}])
    shown = project.preview()
    sent, queries = [rule["seen"] for rule in watched(emulator)]
    assert sent == queries <= MOST, "schema and ledger, the bounds of the tables, and their rows"
    names = [f"  {1000 + number}_drop.sql" for number in range(PENDING)]
    assert report_lines(shown)[: PENDING + 1] == ["pending on your-app-db-dev:", *names]
    assert "migrations/1000_drop.sql:1:1: D102" in shown
