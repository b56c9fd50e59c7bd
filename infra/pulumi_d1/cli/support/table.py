"""Print tables to a terminal or a log."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from pulumi_d1.escaping import escape_line

if TYPE_CHECKING:
    from collections.abc import Sequence

EMPTY: Final = "-"
"""The text of a cell without a value."""

LOG_WIDTH: Final = 160
"""Columns without a terminal. A log scrolls sideways, but a name that is cut short cannot be searched for."""


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; each row has one cell per heading."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        # A cell may be broken anywhere, so that a command may come to stand at the start of a line.
        table.add_row(*(escape_line(cell).replace("::", r"\u003a:").replace("##", r"\u0023#") for cell in row))
    Console(width=None if sys.stdout.isatty() else LOG_WIDTH, highlight=False, markup=False).print(table)
