"""The folder of SQL files, read as wrangler reads it: which files count, what they are called, in which order they run.

Source of the rules: wrangler 4.164.0, observed and read (packages/wrangler/src/d1/migrations).
"""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Migration:
    """One SQL file.

    Attributes:
        name: as it stands in the ledger: the path inside the folder, with `/` and extension.
        sql: the file's text as it is.
    """

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Hex digest of the text with LF line ends: how a checkout ends its lines is no change of a migration."""
        return hashlib.sha256(self.sql.replace("\r\n", "\n").encode()).hexdigest()


def read_folder(folder: Path) -> tuple[Migration, ...]:
    """The migrations of `folder` in the order in which they run.

    Direct children that are regular files ending in `.sql` count; dotfiles, symbolic links and folders do not.

    Raises:
        ConfigError: there is no such folder, or a file in it is not UTF-8 text.
    """
    if not folder.is_dir():
        raise ConfigError(
            f"there is no migrations folder '{folder}': create it, or set the config key migrationsDir to where it is"
        )
    files = [file for file in folder.iterdir() if _counts(file)]
    return tuple(Migration(file.name, _text(file)) for file in sorted(files, key=lambda file: order(file.name)))


def order(name: str) -> tuple[tuple[bool, float, bytes], ...]:
    """Sort key of a migration's name: by leading number in each path segment, unnumbered last, then by code unit."""
    return tuple(_segment_order(segment) for segment in name.split("/"))


def _segment_order(segment: str) -> tuple[bool, float, bytes]:
    number = _leading_number(segment.split("_", maxsplit=1)[0])
    return (not math.isfinite(number), number if math.isfinite(number) else 0, segment.encode("utf-16-be"))


def _leading_number(text: str) -> float:
    """What JavaScript's parseInt makes of `text`; infinite where that is NaN."""
    digits = re.match(r"\s*([+-]?[0-9]+)", text)
    try:
        return float(int(digits[1])) if digits else math.inf
    except (OverflowError, ValueError):  # more digits than a float, or int(), takes
        return math.inf


def _counts(file: Path) -> bool:
    return file.name.endswith(".sql") and not file.name.startswith(".") and file.is_file() and not file.is_symlink()


def _text(file: Path) -> str:
    raw = file.read_bytes()
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{file}:{line}: is not UTF-8 text (byte {error.start}): save the file as UTF-8") from None
