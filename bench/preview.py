"""What our part of a `pulumi preview` costs: with many applied files, and beside a program without migrations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.measure import Figure, Row, compared, in_turns, seconds
from bench.stage import small_files, write_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.measure import Process
    from bench.stage import Project, Stage

TITLE = "Previews"
ABOUT = """\
`pulumi preview` with pending files that drop a table each. The program without migrations makes a database and its
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


@dataclass(frozen=True)
class Sizes:
    """How many files are applied where there are few, some and many; and how many are pending."""

    few: int = 10
    some: int = 200
    many: int = 1000
    pending: int = 5


def measure(stage: Stage, runs: int, say: Callable[[str], None], sizes: Sizes = Sizes()) -> list[Row]:
    """Measures previews of four projects."""
    say(f"migrating {sizes.few}, {sizes.some} and {sizes.many} files")
    projects = [_project(stage, applied, sizes.pending) for applied in (sizes.few, sizes.some, sizes.many)]
    without = stage.project(program=_WITHOUT)
    without.up()

    def run(project: Project) -> Callable[[], Process]:
        return lambda: stage.counted(lambda: project.pulumi("preview"))

    say("previews")
    few, some, many, bare = in_turns(runs, *map(run, (*projects, without)))
    differences = tuple(ours.seconds - theirs.seconds for ours, theirs in zip(some, bare, strict=True))
    own = Figure("s", differences).median
    pending = f"{sizes.pending} pending"
    return [
        compared(
            f"{sizes.many:,} applied files; {sizes.few:,}",
            seconds(many),
            seconds(few),
            "Pulumi's state and inputs name every file; the applied files are run to tell drift",
            most=1.3,
        ),
        Row(
            f"{sizes.some:,} applied files, {pending}; without migrations",
            seconds(some),
            seconds(bare),
            f"≤ {_OWN_SECONDS * 1000:.0f} ms more",
            own <= _OWN_SECONDS,
            f"our own part is the difference, {own * 1000:.0f} ms: imports, two requests, and every file in SQLite",
        ),
    ]


def _project(stage: Stage, applied: int, pending: int) -> Project:
    made = stage.project(small_files(applied))
    made.up()
    drops = [(f"{90_000 + number}_drop.sql", f"DROP TABLE t{number};\n") for number in range(1, pending + 1)]
    write_files(made.folder / "migrations", drops)
    return made
