"""A new file that corrects what a restore undid: its name and its first lines. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError
from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations.folder import sort_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def correction_name(names: Iterable[str], words: str) -> str:
    """Return the name of a new migration as wrangler makes it: the next number in four digits, and `_` for spaces.

    Raises:
        ConfigError: The words cannot be part of a file name.
    """
    if not words.strip() or "/" in words or "\\" in words:
        raise ConfigError(f"'{words}' cannot be part of a file name: use a few words without slashes for --correct")
    numbers = (number for name in names for unnumbered, number, _ in sort_key(name)[:1] if not unnumbered)
    return f"{int(max((0, *numbers))) + 1:04}_{words.strip().replace(' ', '_')}.sql"


def correction_text(name: str, undone: Sequence[str], stack: str, bookmark: str) -> str:
    """Return the text of the new file: only comments, the first of them wrangler's.

    Args:
        undone: The names of the migrations that the restore undid.
    """
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    lines = [
        f"Migration number: {name.partition('_')[0]} \t {now}",
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
    return "".join(f"-- {line}\n" for line in lines)
