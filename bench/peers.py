"""Whole runs, and what happens after failures, against Alchemy, drizzle-kit and wrangler."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from bench.deployments import PEERS, ours
from bench.measure import Figure, TableRow, compare, run_in_turns, seconds
from bench.situations import SITUATIONS
from bench.stage import small_files
from bench.tree_memory import peak_of_tree

if TYPE_CHECKING:
    from bench.deployments import Deployment
    from bench.measure import ProcessRun
    from bench.stage import Stage

TITLE = "Other tools that apply migrations to D1"
ABOUT = """\
Ours is the whole `pulumi up` of a new stack, and Alchemy's is its whole run too: both create the database and keep a
state. drizzle-kit (`migrate` with `d1-http`) and wrangler (`wrangler d1 migrations apply --remote`) apply to a database
that exists. Only ours takes a bookmark and rehearses. Memory is that of all processes together."""

_ENGINE = "Pulumi's engine, and the processes that it starts one after the other"
_FILES_FOR_MEMORY = 10
logger = logging.getLogger(__name__)


def measure(
    stage: Stage, runs: int, *, files: tuple[int, ...] = (1, 10, 100, 300), latencies_ms: tuple[int, ...] = (0, 50)
) -> list[TableRow]:
    """Measure every number of files at every latency of a request, runs with nothing to do, and memory."""
    rows = [row for latency in latencies_ms for count in files for row in _first_runs(stage, runs, count, latency)]
    return [*rows, *_runs_without_changes(stage, runs), *_memory(stage, runs)]


def notes(stage: Stage) -> str:
    """Return a table of what each tool does after a failure."""
    contenders = {"ours": ours, **PEERS}
    lines = [f"| | {' | '.join(contenders)} |", f"|---|{'---|' * len(contenders)}"]
    for title, situation in SITUATIONS.items():
        logger.info(title)
        lines.append(
            f"| {title} | {' | '.join(situation(stage, partial(new, stage)) for new in contenders.values())} |"
        )
    return "What each does after a failure, read from its exit code and from the database:\n\n" + "\n".join(lines)


def _first_runs(stage: Stage, runs: int, count: int, latency: int) -> list[TableRow]:
    logger.info(f"{count} files at {latency} ms")
    files = small_files(count)

    def run(tool: str) -> ProcessRun:
        deployment = PEERS[tool](stage, files) if tool else ours(stage, files)
        return stage.run_counted(deployment.run, latency)

    own, *others = run_in_turns(runs, *(partial(run, tool) for tool in ("", *PEERS)))
    title = f"{count:,} {'file' if count == 1 else 'files'}, {latency} ms a request"
    return [
        compare(f"{title}: {tool}", seconds(own), seconds(other), "" if number else _ENGINE)
        for number, (tool, other) in enumerate(zip(PEERS, others, strict=True))
    ]


def _runs_without_changes(stage: Stage, runs: int) -> list[TableRow]:
    logger.info("nothing to do")
    deployments = _deployments(stage)
    for deployment in deployments:
        deployment.run()
    own, *others = run_in_turns(runs, *(partial(stage.run_counted, deployment.run) for deployment in deployments))
    return [
        compare(f"nothing to do: {tool}", seconds(own), seconds(other), "" if number else _ENGINE)
        for number, (tool, other) in enumerate(zip(PEERS, others, strict=True))
    ]


def _memory(stage: Stage, runs: int) -> list[TableRow]:
    logger.info("memory")

    def peak(number: int) -> float:
        deployment = _deployments(stage)[number]
        return peak_of_tree(deployment.command, deployment.folder, deployment.variables)

    own, *others = run_in_turns(runs, *(partial(peak, number) for number in range(len(PEERS) + 1)))
    return [
        compare(
            f"memory of all processes, {_FILES_FOR_MEMORY} files: {tool}", Figure("MB", own), Figure("MB", other), ""
        )
        for tool, other in zip(PEERS, others, strict=True)
    ]


def _deployments(stage: Stage) -> list[Deployment]:
    """Return a new project of each contender: ours, and then the others in their order."""
    files = small_files(_FILES_FOR_MEMORY)
    return [new(stage, files) for new in (ours, *PEERS.values())]
