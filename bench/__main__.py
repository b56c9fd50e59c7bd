"""`python -m bench`: measures, side by side and in turns, and prints the tables or writes them into the document."""

from __future__ import annotations

import time
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Final

import click

from bench.results import keep, kept, result, table
from bench.stage import ROOT, staged
from pulumi_d1.reports.document_file import write_block

GROUPS: Final = ("runner", "import", "program", "start", "preview", "rehearsal", "emulator", "fleet")
DOCUMENT: Final = ROOT / "docs" / "performance.md"
BLOCK: Final = "bench"
_MODULES: Final = {"import": "import_"}


@click.command()
@click.argument("groups", nargs=-1, type=click.Choice(GROUPS))
@click.option("--runs", default=5, show_default=True, help="Of each contender.")
@click.option("--write", is_flag=True, help="Write the tables of all groups, as last measured, into the document.")
@click.option("--again", is_flag=True, help="Measure nothing: take what was measured last.")
@click.option(
    "--results",
    type=click.Path(path_type=Path, file_okay=False),
    default=ROOT / ".d1" / "bench",
    help="Where results are kept, a JSON file for each group.",
)
def main(groups: tuple[str, ...], *, runs: int, write: bool, again: bool, results: Path) -> None:
    r"""Measure the GROUPS, or all of them.

    \b
    Examples:
      python -m bench --write             everything, into docs/performance.md
      python -m bench runner --runs 1     a first look
      python -m bench start --write       one group again; the others as they were
    """
    chosen = groups or GROUPS
    if not again:
        started = time.monotonic()
        with staged() as stage:
            for group in chosen:
                module = import_module(f"bench.{_MODULES.get(group, group)}")
                say = partial(_say, started, group)
                keep(results, group, result(module.TITLE, module.ABOUT, runs, module.measure(stage, runs, say)))
    found = {group: last for group in GROUPS if (last := kept(results, group))}
    if write:
        write_block(DOCUMENT, BLOCK, "\n" + "\n".join(map(table, found.values())) + "\n")
    else:
        click.echo("\n".join(table(found[group]) for group in chosen if group in found))


def _say(started: float, group: str, what: str) -> None:
    click.echo(f"{time.monotonic() - started:5.0f} s  {group}: {what}", err=True)


if __name__ == "__main__":
    main()
