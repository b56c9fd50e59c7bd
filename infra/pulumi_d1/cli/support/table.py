"""Print tables to a terminal or a log."""

from __future__ import annotations

import sys
from io import StringIO
from typing import TYPE_CHECKING, Final

import click

from pulumi_d1.cli.support.output import is_coloured, say, terminal_width
from pulumi_d1.escaping import escape_line, escape_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

EMPTY: Final = "-"
"""The text of a cell without a value."""

_WIDEST: Final = 10_000


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; each row has one cell per heading.

    If the terminal is too narrow, each row becomes a block with one line for each cell. A log gets the whole table: it
    scrolls sideways, and a name that is broken cannot be searched for.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    for row in rows:
        table.add_row(*(Text(escape_lines(escape_line(cell))) for cell in row))
    text = StringIO()
    console = Console(file=text, width=_WIDEST, force_terminal=is_coloured(sys.stdout))
    if not sys.stdout.isatty() or console.measure(table).maximum <= terminal_width():
        console.print(table)
        click.echo(text.getvalue(), nl=False)
    else:
        for row in rows:
            _print_block(headings, row)


def _print_block(headings: Sequence[str], row: Sequence[str]) -> None:
    """Print a row as lines: its first cell, and below that each other one that has a value."""
    title = escape_lines(escape_line(row[0]))
    click.echo(click.style(title, bold=True) if is_coloured(sys.stdout) else title)
    longest = max(map(len, headings[1:]))
    for heading, cell in zip(headings[1:], row[1:], strict=True):
        if cell != EMPTY:
            say(f"  {heading:{longest}}  {escape_line(cell)}")
