"""Commands that find nothing to do, against a Pulumi program that makes nothing, on the same engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from bench.measure import Row, compared, in_turns, seconds
from bench.stage import small_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.measure import Process
    from bench.stage import Project, Stage

TITLE = "Nothing to do"
ABOUT = (
    "Ours is the whole program, database and binding included. The empty program is `import pulumi` and nothing else, "
    "which needs no provider. The program of the same processes has a database and a dynamic resource that does "
    "nothing; what ours takes beside that one is our own."
)

_EMPTY: Final = "import pulumi\n"
_SAME_PROCESSES: Final = """
import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider
from pulumi_d1.program.resources.database import D1Database

class Nothing(ResourceProvider):
    def create(self, props):
        return CreateResult("nothing", props)

class Empty(Resource, name="Empty"):
    pass

account = pulumi.Config("cloudflare").require("accountId")
inputs = {"accountId": account, "name": "nothing-db-dev", "readReplication": {"mode": "disabled"}}
database = D1Database("database", inputs, pulumi.ResourceOptions())
Empty(Nothing(), "nothing", {"database_id": database.id})
"""


@dataclass(frozen=True)
class Sizes:
    """How many files are applied."""

    files: int = 10


def measure(stage: Stage, runs: int, say: Callable[[str], None], sizes: Sizes = Sizes()) -> list[Row]:
    """Measures `pulumi up` and `pulumi preview`."""
    ours, empty, same = stage.project(small_files(sizes.files)), stage.project(program=_EMPTY), _same(stage)
    for project in (ours, empty, same):
        project.up()

    def up(project: Project) -> Process:
        return project.pulumi("up", "--yes")

    def preview(project: Project) -> Process:
        return project.pulumi("preview")

    rows = []
    for name, command in (("up", up), ("preview", preview)):
        say(f"pulumi {name}")
        counted = partial(stage.counted, partial(command, ours))
        mine, least, like = in_turns(runs, counted, partial(command, empty), partial(command, same))
        alone = seconds(like).median / seconds(least).median
        bound = (
            "processes: ours needs Cloudflare's provider and Pulumi's for dynamic resources, which Pulumi starts one "
            f"after the other. A program that starts them, and does nothing, takes {alone:.2f} times the empty one"
        )
        measure_ = f"`pulumi {name}` without changes, against"
        rows.append(compared(f"{measure_} an empty program", seconds(mine), seconds(least), bound, most=1.2))
        bound = "our imports in the program and in its provider, and one look at the database"
        rows.append(compared(f"{measure_} one of the same processes", seconds(mine), seconds(like), bound, most=1.2))
    return rows


def _same(stage: Stage) -> Project:
    project = stage.project(program=_SAME_PROCESSES)
    project.pulumi("config", "set", "cloudflare:accountId", project.variables["CLOUDFLARE_ACCOUNT_ID"])
    return project
