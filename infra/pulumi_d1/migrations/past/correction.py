"""The file that does right what was restored away: its name and its first lines. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import order

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def correction_name(names: Iterable[str], words: str) -> str:
    """Name of a new migration as wrangler gives it: the next number in four digits, and `_` for spaces.

    Args:
        names: of the migrations that there are.
        words: what the file is for.

    Raises:
        ConfigError: the words can't be part of a file's name.
    """
    if not words.strip() or "/" in words or "\\" in words:
        raise ConfigError(f"'{words}' can't be part of a file's name: give --correct a few words without slashes")
    numbers = (number for name in names for unnumbered, number, _ in order(name)[:1] if not unnumbered)
    return f"{int(max((0, *numbers))) + 1:04}_{words.strip().replace(' ', '_')}.sql"


def correction_text(name: str, gone: Sequence[str], stack: str, bookmark: str) -> str:
    """The new file: comments alone, the first of them wrangler's.

    Args:
        name: of the file.
        gone: names of the migrations that were restored away.
        stack: where they were.
        bookmark: which one that stack was restored to.
    """
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    lines = [
        f"Migration number: {name.partition('_')[0]} \t {now}",
        f"Stack {stack} was restored to bookmark {bookmark}, which took back",
        *(f"  {item}" for item in gone or ("rows, and no file",)),
        "Put right here what was wrong with it.",
    ]
    if gone:
        lines += [
            f"The texts of these files are quarantined on {stack}. Delete or change each that no other environment has",
            "applied. Keep the others, which run again before this file once they are released:",
            f"  d1 release FILE --stack {stack}",
        ]
    return "".join(f"-- {line}\n" for line in lines)
