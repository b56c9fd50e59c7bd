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
ABOUT = "Ours is the whole program, database and binding included; the other one is `import pulumi` and nothing else."

_EMPTY: Final = "import pulumi\n"


@dataclass(frozen=True)
class Sizes:
    """How many files are applied."""

    files: int = 10


def measure(stage: Stage, runs: int, say: Callable[[str], None], sizes: Sizes = Sizes()) -> list[Row]:
    """Measures `pulumi up` and `pulumi preview`."""
    ours, empty = stage.project(small_files(sizes.files)), stage.project(program=_EMPTY)
    for project in (ours, empty):
        project.up()

    def up(project: Project) -> Process:
        return project.pulumi("up", "--yes")

    def preview(project: Project) -> Process:
        return project.pulumi("preview")

    rows = []
    for name, command in (("up", up), ("preview", preview)):
        say(f"pulumi {name}")
        mine, theirs = in_turns(runs, partial(stage.counted, partial(command, ours)), partial(command, empty))
        bound = "processes: ours starts Cloudflare's provider and Pulumi's for dynamic resources too"
        rows.append(compared(f"`pulumi {name}` without changes", seconds(mine), seconds(theirs), bound, most=1.2))
    return rows
