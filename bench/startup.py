"""The time of starts: imports of the program, `d1 --help`, `d1 plan`."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.measure import TableRow, compare, memory, run_in_turns, run_process, seconds
from bench.stage import small_files, write_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.measure import ProcessRun
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
logger = logging.getLogger(__name__)


def measure(stage: Stage, runs: int, *, files: int = 200, applied: int = 195) -> list[TableRow]:
    """Measure the imports and the commands."""
    project, wrangler = stage.project(), stage.wrangler(stage.account())
    migrations = small_files(files)
    write_files(project.folder / "migrations", migrations[:applied])
    project.up()
    write_files(project.folder / "migrations", migrations)
    d1 = Path(sys.executable).with_name("d1")

    def run(*command: str | Path, code: int = 0) -> Callable[[], ProcessRun]:
        return lambda: stage.run_counted(lambda: run_process(command, project.folder, project.variables, code))

    logger.info("imports, d1 --help, d1 plan")
    contenders = (
        run(sys.executable, "-c", _IMPORTS),
        run(sys.executable, "-c", "import pulumi"),
        run(sys.executable, "-c", _LIBRARIES),
        run(d1, "--help"),
        run(sys.executable, "-c", "pass"),
        run(d1, "plan", code=2 if files > applied else 0),
        run(d1, "plan", "--offline"),
        lambda: run_process([wrangler.program, "--version"], wrangler.folder, wrangler.environment),
    )
    for contender in contenders:
        contender()
    program, pulumi, libraries, help_, python, plan, offline, version = run_in_turns(runs, *contenders)
    more = seconds(help_).median - seconds(python).median
    return [
        compare(
            "imports of the program; `import pulumi`",
            seconds(program),
            seconds(pulumi),
            "the SDK's own imports, pydantic's for the settings, ours",
            limit=1.3,
        ),
        compare(
            "imports of the program; its libraries, and a pydantic model of one field",
            seconds(program),
            seconds(libraries),
            "our own imports",
        ),
        compare("the same: memory", memory(program), memory(pulumi), "the SDK's own modules"),
        TableRow(
            "`d1 --help`; `python -c pass`",
            seconds(help_),
            seconds(python),
            f"≤ {_HELP_SECONDS * 1000:.0f} ms more",
            more <= _HELP_SECONDS,
            f"{more * 1000:.0f} ms more: the import of click",
        ),
        compare(
            f"`d1 plan`, {files:,} files; `wrangler --version`",
            seconds(plan),
            seconds(version),
            f"Python's imports, and {plan[0].requests} requests",
            limit=1,
            words="faster",
        ),
        compare(
            f"`d1 plan --offline`, {files:,} files; `wrangler --version`",
            seconds(offline),
            seconds(version),
            "Python's imports; all files run in SQLite",
            limit=1,
            words="faster",
        ),
    ]
