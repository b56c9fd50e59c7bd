"""Each group of measurements runs, with tiny sizes and once; what it counts is asserted, what it times is not."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from bench import (
    backup,
    emulator,
    fleet,
    large_file,
    many_databases,
    no_changes,
    pending_files,
    previews,
    rehearsals,
    startup,
)
from bench import rows as row_bench
from bench.deployments import PEERS, ours
from bench.situations import rebuild_a_parent, rename_an_applied_file
from bench.stage import Stage, open_stage, small_files
from tests.support import installed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.deployments import Deployment
    from bench.measure import TableRow

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    installed.binaries()
    with open_stage() as stage:
        yield stage


def requests(rows: Sequence[TableRow]) -> list[tuple[int | None, int | None]]:
    return [(row.ours.requests, row.theirs.requests if row.theirs else None) for row in rows]


def test_sixty_files_cost_one_request_more_than_one_and_wrangler_one_for_each(stage: Stage) -> None:
    rows = pending_files.measure(stage, 1, files=(1, 60), latencies_ms=(0,))
    one, one_up, many, many_up = rows
    assert requests([one, many]) == [(5, 3), (6, 62)]
    assert (many_up.ours.requests or 0) - (one_up.ours.requests or 0) == 1


def test_a_large_file_goes_as_an_import(stage: Stage) -> None:
    time, memory = large_file.measure(stage, 1, megabytes=1.2, row_bytes=(1000,))
    assert time.ours.requests
    assert time.ours.requests >= 6  # two to read, one for the bookmark, two for the import and more until it has ended
    assert memory.met is not None


def test_programs_without_changes_send_one_request_for_each_inspection(stage: Stage) -> None:
    up, preview = [(2, None)] * 2, [(1, None)] * 2  # each is compared with two programs
    assert requests(no_changes.measure(stage, 1, files=1)) == [*up, *preview]


def test_a_plan_costs_the_same_requests_however_many_files_there_are(stage: Stage) -> None:
    rows = startup.measure(stage, 1, files=3, applied=2)
    assert [row.ours.requests for row in rows] == [None, None, None, None, 4, None]


def test_a_preview_costs_the_same_requests_however_many_files_are_applied(stage: Stage) -> None:
    rows = previews.measure(stage, 1, applied=(1, 2, 8), pending=1)
    assert requests(rows) == [(3, 3), (3, None)]


def test_rehearsals_run_to_their_end(stage: Stage) -> None:
    rows = rehearsals.measure(stage, 1, files=(20,), tables=30, files_on_tables=20)
    assert [row.measure for row in rows] == ["20 files", "30 tables, 1 file", "30 tables, 20 files"]


def test_rows_are_read_or_sampled_and_hostile_files_end(stage: Stage) -> None:
    figures = row_bench.measure(stage, 1, megabytes=((1, 0, 60), (12, 0, 60)))
    assert [("a sample" in row.measure) for row in figures[::2][:2]] == [False, True]
    assert [row.measure for row in figures[4:]] == ["hostile file 1", "hostile file 2", "hostile file 3"]


def test_the_emulator_and_miniflare_take_the_same_writes(stage: Stage) -> None:
    rows = emulator.measure(stage, 1, clients=(1, 2), writes=4, megabytes=(1, 2))
    assert [row.ours.unit for row in rows] == ["/s", "/s", "s", "s", "s"]


def test_the_engine_of_a_fleet_has_figures_for_time_and_memory(stage: Stage) -> None:
    rows = fleet.measure(stage, 1, databases=3, sample=2)
    assert [row.ours.unit for row in rows] == ["s", "MB"] * 3


def test_a_fleet_is_migrated_in_five_requests_for_each_database(stage: Stage) -> None:
    (row,) = many_databases.measure(stage, 1, databases=3, sample=1, latencies_ms=(0,))
    assert row.theirs is not None
    assert "requests for each" in row.bound


@pytest.mark.parametrize("new", [ours, *PEERS.values()], ids=["ours", *PEERS])
def test_each_tool_applies_the_files_and_then_has_nothing_to_do(
    stage: Stage, new: Callable[[Stage, Sequence[tuple[str, str]]], Deployment]
) -> None:
    installed.require_peers()
    deployment = new(stage, small_files(2))
    for _ in range(2):
        deployment.run()
        tables = deployment.database().read("SELECT name FROM sqlite_master WHERE name IN ('t1', 't2') ORDER BY name")
        assert [row["name"] for row in tables] == ["t1", "t2"]


def test_ours_refuses_a_renamed_file_and_a_rebuild_that_loses_rows(stage: Stage) -> None:
    assert rename_an_applied_file(stage, partial(ours, stage)) == "fails; the file ran once"
    assert rebuild_a_parent(stage, partial(ours, stage)) == "fails; 2 of 2 rows that refer to the table are left"


def test_a_backup_reads_through_queries_and_an_export_blocks(stage: Stage) -> None:
    create, verify, restore, memory = backup.measure(stage, 1, megabytes=(1,))
    assert requests([create, verify, restore])[0][0] == 8
    assert restore.ours.requests
    assert memory.met
