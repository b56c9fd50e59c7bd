"""Commands without changes, against a Pulumi program without resources, on the same engine."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from bench.measure import TableRow, compare, run_in_turns, seconds
from bench.stage import small_files

if TYPE_CHECKING:
    from bench.measure import ProcessRun
    from bench.stage import BenchProject, Stage

TITLE = "Nothing to do"
ABOUT = """\
Ours is the whole program, database and binding included. The empty program is only `import pulumi`, which needs no
provider. The program of the same processes has a database and a dynamic resource that does nothing; the difference from
that one is our own part."""

_EMPTY: Final = "import pulumi\n"
_SAME_PROCESSES: Final = """
import os

import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider
from pulumi_d1.program.resources.database import D1Database

class Nothing(ResourceProvider):
    def create(self, props):
        return CreateResult("nothing", props)

class Empty(Resource, name="Empty"):
    pass

account = os.environ["CLOUDFLARE_ACCOUNT_ID"]
inputs = {"accountId": account, "name": "nothing-db-dev", "readReplication": {"mode": "disabled"}}
database = D1Database("database", inputs, pulumi.ResourceOptions())
Empty(Nothing(), "nothing", {"database_id": database.id})
"""
logger = logging.getLogger(__name__)


def measure(stage: Stage, runs: int, *, files: int = 10) -> list[TableRow]:
    """Measure `pulumi up` and `pulumi preview`, with so many applied files."""
    ours, empty = stage.project(small_files(files)), stage.project(program=_EMPTY)
    same = stage.project(program=_SAME_PROCESSES)
    for project in (ours, empty, same):
        project.up()

    def up(project: BenchProject) -> ProcessRun:
        return project.pulumi("up", "--yes")

    def preview(project: BenchProject) -> ProcessRun:
        return project.pulumi("preview")

    rows = []
    for name, command in (("up", up), ("preview", preview)):
        logger.info(f"pulumi {name}")
        counted = partial(stage.run_counted, partial(command, ours))
        our_runs, empty_runs, same_runs = run_in_turns(runs, counted, partial(command, empty), partial(command, same))
        ratio = seconds(same_runs).median / seconds(empty_runs).median
        bound = (
            "processes: ours needs Cloudflare's provider and Pulumi's for dynamic resources, which Pulumi starts one "
            f"after the other. A program that starts them, and does nothing, takes {ratio:.2f} times the empty one"
        )
        title = f"`pulumi {name}` without changes, against"
        rows.append(compare(f"{title} an empty program", seconds(our_runs), seconds(empty_runs), bound, limit=1.2))
        bound = "our imports in the program and in its provider, and one request for the database's state"
        rows.append(
            compare(f"{title} one of the same processes", seconds(our_runs), seconds(same_runs), bound, limit=1.2)
        )
    return rows
