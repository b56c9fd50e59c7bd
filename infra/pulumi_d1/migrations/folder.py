"""The folder of SQL files, read as wrangler reads it: which files count, what they are called, in which order they run.

Source of the rules: wrangler 4.164.0, observed and read (packages/wrangler/src/d1/migrations).
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.pattern import DEFAULT, NESTED, Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLANK = "\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
"""What JavaScript calls white space: more than Python does, and less."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")  # Python reads bad UTF-8 as surrogates


@dataclass(frozen=True)
class Migration:
    """One SQL file.

    Attributes:
        name: as it stands in the ledger: the path inside the folder, with `/` and extension.
        sql: the file's text as it is.
    """

    name: str
    sql: str

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the text with LF line ends: how a checkout ends its lines is no change of a migration."""
        return hashlib.sha256(self.sql.replace("\r\n", "\n").encode()).hexdigest()


def read_folder(folder: Path, pattern: Pattern = DEFAULT) -> tuple[Migration, ...]:
    """The migrations of `folder` in the order in which they run.

    Regular files that match `pattern` count; symbolic links and what lies behind them do not.

    Raises:
        ConfigError: there is no such folder, or the name or the text of a file can't be read.
    """
    if not folder.is_dir():
        raise ConfigError(
            f"there is no migrations folder '{folder}': create it, or set the config key migrationsDir to where it is"
        )
    names = sorted(_names(folder, pattern), key=order)
    return tuple(Migration(name, _text(folder / name)) for name in names)


def layout_hint(folder: Path, pattern: Pattern, written: str) -> str | None:
    """What to say where nothing matches but would in a nested layout; None where there is nothing to say.

    Args:
        folder: the folder.
        pattern: which files count.
        written: the folder as the user wrote it; for the message.

    Raises:
        ConfigError: the name of a file can't be read.
    """
    if any(_names(folder, pattern)) or not any(_names(folder, NESTED)):
        return None
    wanted, nested = (f"'{Path(written).as_posix()}/{inside}'" for inside in (pattern.inside, NESTED.inside))
    return (
        f"no file matches {wanted}, so there is nothing to apply, but some match {nested}, the layout of Drizzle and "
        f"Prisma: if those are the migrations, run pulumi config set migrationsPattern {nested}"
    )


def order(name: str) -> tuple[tuple[bool, float, bytes], ...]:
    """Sort key of a migration's name: by leading number in each path segment, unnumbered last, then by code unit."""
    return tuple(_segment_order(segment) for segment in name.split("/"))


def _segment_order(segment: str) -> tuple[bool, float, bytes]:
    number = _leading_number(segment.split("_", maxsplit=1)[0])
    return (not math.isfinite(number), number if math.isfinite(number) else 0, segment.encode("utf-16-be"))


def _leading_number(text: str) -> float:
    """What JavaScript's parseInt makes of `text`; infinite where that is NaN."""
    digits = re.match(rf"[{_BLANK}]*([+-]?[0-9]+)", text)
    try:
        return float(int(digits[1])) if digits else math.inf
    except (OverflowError, ValueError):  # more digits than a float, or int(), takes
        return math.inf


def _names(folder: Path, pattern: Pattern) -> Iterator[str]:
    """The paths inside of `folder` that count, in no order.

    Raises:
        ConfigError: a name has control characters, or is not UTF-8.
    """
    for place, folders, files in os.walk(folder):
        inside = Path(place).relative_to(folder)
        if len(inside.parts) >= pattern.depth:
            folders.clear()
        for name in ((inside / file).as_posix() for file in files):
            if pattern.matches(name) and _is_regular(folder / name):
                if _UNPRINTABLE.search(name):
                    raise ConfigError(
                        f"{folder}: a file is called {name!a}: rename it, in UTF-8 and without control characters"
                    )
                yield name


def _is_regular(file: Path) -> bool:
    return file.is_file() and not file.is_symlink()


def _text(file: Path) -> str:
    raw = file.read_bytes()
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{file}:{line}: is not UTF-8 text (byte {error.start}): save the file as UTF-8") from None
