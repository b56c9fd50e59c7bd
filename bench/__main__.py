"""`python -m bench`: measure in turns, and print the tables or write them into the document."""

from __future__ import annotations

import logging
from importlib import import_module
from pathlib import Path
from typing import Final

import click

from bench.results import format_section, load, merge_sections, new_result, save
from bench.stage import ROOT, open_stage
from pulumi_d1.reports.document_file import write_block

GROUPS: Final = (
    "pending_files",
    "large_file",
    "no_changes",
    "startup",
    "previews",
    "rehearsals",
    "rows",
    "backup",
    "emulator",
    "many_databases",
    "fleet",
    "peers",
)
DOCUMENT: Final = ROOT / "docs" / "performance.md"
BLOCK: Final = "bench"


@click.command()
@click.argument("groups", nargs=-1, type=click.Choice(GROUPS))
@click.option("--runs", default=5, show_default=True, help="Runs of each contender.")
@click.option("--write", is_flag=True, help="Write the last tables into the document; other groups keep theirs.")
@click.option("--again", is_flag=True, help="Measure nothing: use the last results.")
@click.option(
    "--results",
    type=click.Path(path_type=Path, file_okay=False),
    default=ROOT / ".d1" / "bench",
    help="Folder of the results, a JSON file for each group.",
)
def main(groups: tuple[str, ...], *, runs: int, write: bool, again: bool, results: Path) -> None:
    r"""Measure the GROUPS, or all of them.

    \b
    Examples:
      python -m bench --write                    everything, into docs/performance.md
      python -m bench pending_files --runs 1     a first look
      python -m bench startup --write            one group again; the others stay
    """
    logging.basicConfig(format="%(asctime)s  %(module)s: %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("bench").setLevel(logging.INFO)
    chosen = groups or GROUPS
    if not again:
        with open_stage() as stage:
            for group in chosen:
                module = import_module(f"bench.{group}")
                rows = module.measure(stage, runs)
                notes = module.notes(stage) if hasattr(module, "notes") else ""
                save(results, group, new_result(module.TITLE, module.ABOUT, runs, rows, notes))
    saved = {group: result for group in GROUPS if (result := load(results, group))}
    if write:
        titles = [saved[group].title if group in saved else import_module(f"bench.{group}").TITLE for group in GROUPS]
        present = DOCUMENT.read_text().partition(f"<!-- {BLOCK} -->")[2].partition(f"<!-- /{BLOCK} -->")[0]
        write_block(DOCUMENT, BLOCK, merge_sections(present, titles, map(format_section, saved.values())))
    else:
        click.echo("\n".join(format_section(saved[group]) for group in chosen if group in saved))


if __name__ == "__main__":
    main()
