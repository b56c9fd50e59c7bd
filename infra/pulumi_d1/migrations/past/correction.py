"""A new file that corrects what a restore undid: its first lines. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations.next_file import first_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


def correction_text(name: str, undone: Sequence[str], stack: str, bookmark: str, now: datetime) -> str:
    """Return the text of the new file: only comments, the first of them wrangler's.

    Args:
        undone: The names of the migrations that the restore undid.
    """
    lines = [
        f"Stack {stack} was restored to bookmark {bookmark}, which undid",
        *(f"  {escape_line(item)}" for item in undone or ("rows, but no file",)),
        "Write the correction here.",
    ]
    if undone:
        lines += [
            f"The texts of these files are quarantined on {stack}. Delete or change each one that no other stack has",
            "applied. Keep the others; release them, and they run again before this file:",
            f"  d1 release FILE --stack {stack}",
        ]
    return first_line(name, now) + "".join(f"-- {line}\n" for line in lines)
