"""Our part of a `pulumi preview`: with many applied files, and against a program without migrations."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from bench.measure import Figure, TableRow, compare, run_in_turns, seconds
from bench.stage import small_files, write_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.measure import ProcessRun
    from bench.stage import BenchProject, Stage

TITLE = "Previews"
ABOUT = """\
`pulumi preview` with pending files that drop a table each. The program without migrations has a database and its
bindings, and leaves D1Migrations out."""

_WITHOUT: Final = """
from dataclasses import asdict
import pulumi
from pulumi_d1.program.resources.bindings import WranglerBindings
from pulumi_d1.program.resources.database import D1Database
from pulumi_d1.program.stack_settings import stack_settings
from pulumi_d1.wrangler.entry import WranglerEntry

settings = stack_settings()
inputs = {"accountId": settings.account_id, "name": settings.database_name, "readReplication": {"mode": "disabled"}}
database = D1Database("database", inputs, pulumi.ResourceOptions())
entry = WranglerEntry("wrangler.toml", "", "DB", settings.database_name, "", "migrations", "d1_migrations", worker="w")
WranglerBindings("bindings", inputs={**asdict(entry), "database_id": database.id})
"""

_OWN_SECONDS: Final = 0.3
logger = logging.getLogger(__name__)


def measure(
    stage: Stage, runs: int, *, applied: tuple[int, int, int] = (10, 200, 1000), pending: int = 5
) -> list[TableRow]:
    """Measure previews with few, some and many applied files, and without migrations."""
    logger.info(f"migrating {applied[0]}, {applied[1]} and {applied[2]} files")
    projects = [_project(stage, count, pending) for count in applied]
    without = stage.project(program=_WITHOUT)
    without.up()

    def run(project: BenchProject) -> Callable[[], ProcessRun]:
        return lambda: stage.run_counted(lambda: project.pulumi("preview"))

    logger.info("previews")
    few, some, many, bare = run_in_turns(runs, *map(run, (*projects, without)))
    differences = tuple(ours.seconds - theirs.seconds for ours, theirs in zip(some, bare, strict=True))
    own = Figure("s", differences).median
    return [
        compare(
            f"{applied[2]:,} applied files; {applied[0]:,}",
            seconds(many),
            seconds(few),
            "Pulumi's state and inputs name every file; the applied files are run to detect drift",
            limit=1.3,
        ),
        TableRow(
            f"{applied[1]:,} applied files, {pending} pending; without migrations",
            seconds(some),
            seconds(bare),
            f"≤ {_OWN_SECONDS * 1000:.0f} ms more",
            own <= _OWN_SECONDS,
            f"our own part is the difference, {own * 1000:.0f} ms: imports, the requests that read the database, and "
            "every file in SQLite",
        ),
    ]


def _project(stage: Stage, applied: int, pending: int) -> BenchProject:
    project = stage.project(small_files(applied))
    project.up()
    drops = [(f"{90_000 + number}_drop.sql", f"DROP TABLE t{number};\n") for number in range(1, pending + 1)]
    write_files(project.folder / "migrations", drops)
    return project
