"""How long it takes until something happens: imports of the program, `d1 --help`, `d1 plan`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.measure import Row, compared, in_turns, memory, ran, seconds
from bench.stage import small_files, write_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.measure import Process
    from bench.stage import Stage

TITLE = "Starts"
ABOUT = "Fresh processes, with files in the system's cache; the first round is not counted."

_IMPORTS: Final = "from pulumi_d1 import D1Environment, stack_settings"
_LIBRARIES: Final = """
import pulumi.dynamic
from pydantic import BaseModel

class Model(BaseModel):
    name: str = ""
"""
_HELP_SECONDS: Final = 0.15


@dataclass(frozen=True)
class Sizes:
    """How many files `d1 plan` finds, and how many of them are applied."""

    files: int = 200
    applied: int = 195


def measure(stage: Stage, runs: int, say: Callable[[str], None], sizes: Sizes = Sizes()) -> list[Row]:
    """Measures the imports and the commands."""
    project, wrangler = stage.project(), stage.wrangler(stage.account())
    files = small_files(sizes.files)
    write_files(project.folder / "migrations", files[: sizes.applied])
    project.up()
    write_files(project.folder / "migrations", files)
    d1 = Path(sys.executable).with_name("d1")

    def run(*command: str | Path, code: int = 0) -> Callable[[], Process]:
        return lambda: stage.counted(lambda: ran(command, project.folder, project.variables, code))

    say("imports, d1 --help, d1 plan")
    contenders = (
        run(sys.executable, "-c", _IMPORTS),
        run(sys.executable, "-c", "import pulumi"),
        run(sys.executable, "-c", _LIBRARIES),
        run(d1, "--help"),
        run(sys.executable, "-c", "pass"),
        run(d1, "plan", code=2 if sizes.files > sizes.applied else 0),
        run(d1, "plan", "--offline"),
        lambda: ran([wrangler.program, "--version"], wrangler.folder, wrangler.environment),
    )
    for contender in contenders:
        contender()
    program, pulumi, libraries, help_, nothing, plan, offline, version = in_turns(runs, *contenders)
    above = seconds(help_).median - seconds(nothing).median
    files_word = f"{sizes.files:,} files"
    return [
        compared(
            "imports of the program; `import pulumi`",
            seconds(program),
            seconds(pulumi),
            "the SDK's own imports, pydantic's for the settings, ours",
            most=1.3,
        ),
        compared(
            "imports of the program; its libraries, and a pydantic model of one field",
            seconds(program),
            seconds(libraries),
            "our own imports",
        ),
        compared("the same: memory", memory(program), memory(pulumi), "the SDK's own modules"),
        Row(
            "`d1 --help`; `python -c pass`",
            seconds(help_),
            seconds(nothing),
            f"≤ {_HELP_SECONDS * 1000:.0f} ms more",
            above <= _HELP_SECONDS,
            f"{above * 1000:.0f} ms more: imports of click and of every command, for its line of help",
        ),
        compared(
            f"`d1 plan`, {files_word}; `wrangler --version`",
            seconds(plan),
            seconds(version),
            f"Python's imports, and {plan[0].requests} requests",
            most=1,
            words="faster",
        ),
        compared(
            f"`d1 plan --offline`, {files_word}; `wrangler --version`",
            seconds(offline),
            seconds(version),
            "Python's imports; all files run in SQLite",
            most=1,
            words="faster",
        ),
    ]
