"""The folder of SQL files, read as wrangler does: the files that count, their names and their order.

Source of the rules: wrangler 4.164.0, observed and read (packages/wrangler/src/d1/migrations).
"""

from __future__ import annotations

import codecs
import hashlib
import math
import os
import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError
from pulumi_d1.escaping import has_command
from pulumi_d1.migrations.contract import is_contract
from pulumi_d1.migrations.passed_over import find_passed_over, passed_over_lines
from pulumi_d1.migrations.pattern import DEFAULT, NESTED, Pattern, make_pattern
from pulumi_d1.migrations.squashes import read_squashed
from pulumi_d1.sqlite.statements import next_statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.migrations.squashes import SquashedText

_WHITE_SPACE = "\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
"""White space as JavaScript defines it, which differs from Python's."""

_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"  # controls, line ends, directions
    r"\ud800-\udfff]"  # surrogates, as which Python reads bad UTF-8
)

_OTHER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


@dataclass(frozen=True)
class Migration:
    """One SQL file.

    Attributes:
        name: The name in the ledger: the path inside the folder, with `/` and the extension.
        replaces: The names in the ledger that its own takes the place of, without running a statement; empty if it
            runs.
    """

    name: str
    sql: str
    replaces: tuple[str, ...] = ()

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the text with LF line ends, so that the line ends of a checkout do not matter."""
        return hashlib.sha256(self.sql.replace("\r\n", "\n").encode()).hexdigest()

    @property
    def is_empty(self) -> bool:
        """True if the text has no statement: only blanks, comments and semicolons."""
        return next_statement(self.sql) is None

    @cached_property
    def is_contract(self) -> bool:
        """True if the text has the mark of a contract file."""
        return is_contract(self.sql)

    @cached_property
    def squashed(self) -> tuple[SquashedText, ...]:
        """The files that it stands for, in order; empty if it is an ordinary file.

        Raises:
            ConfigError: Its marks are not as `d1 squash` writes them.
        """
        try:
            return read_squashed(self.sql)
        except ConfigError as error:
            raise ConfigError(f"{self.name}: {error}") from None

    def as_swap(self, replaces: tuple[str, ...]) -> Migration:
        """Return the file as one that only takes the place of these names in the ledger."""
        return replace(self, sql="", replaces=replaces)


@dataclass(frozen=True, slots=True)
class MigrationsFolder:
    """The folder of the migrations, as the settings name it.

    Attributes:
        name: The folder as the user wrote it.
        pattern: The files in it that are migrations.
        root: The folder that `name` is relative to.
    """

    name: str
    pattern: Pattern = DEFAULT
    root: Path = Path()

    @property
    def path(self) -> Path:
        """The folder's path."""
        return self.root / self.name

    def read(self) -> tuple[Migration, ...]:
        """Return the migrations in the order in which they run.

        Raises:
            ConfigError: The folder does not exist, or the name or text of a file cannot be read.
        """
        return read_folder(self.path, self.pattern)

    def name_of(self, file: str) -> str:
        """Return the name of a migration that the user wrote with or without the folder."""
        return Path(file).as_posix().removeprefix(f"{Path(self.name).as_posix()}/")

    def create(self, name: str, text: str) -> Path:
        """Create a migration, and its folder if it has one. Overwrite nothing.

        Raises:
            ConfigError: There is something of that name.
        """
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with file.open("x", encoding="utf-8") as stream:
                stream.write(text)
        except FileExistsError:
            raise ConfigError(f"{file} exists already: nothing was written") from None
        return file

    def hints(self) -> tuple[str, ...]:
        """Return lines about files that do not count: the layout hint, and the files that are passed over.

        Raises:
            ConfigError: The name of a file cannot be read.
        """
        hint = self.layout_hint()
        files = find_passed_over(self.path, self.pattern)
        others = (file for file in files if not (hint and NESTED.matches(file.name)))
        return (*([hint] if hint else []), *passed_over_lines(others, Path(self.name).as_posix()))

    def layout_hint(self) -> str | None:
        """Return a hint if no file matches the pattern but some match a nested layout, otherwise None.

        Raises:
            ConfigError: The name of a file cannot be read.
        """
        if any(_names(self.path, self.pattern)) or not any(_names(self.path, NESTED)):
            return None
        pattern, nested = (f"'{Path(self.name).as_posix()}/{glob.inside}'" for glob in (self.pattern, NESTED))
        return (
            f"no file matches {pattern}, so there is nothing to apply, but some match {nested}, the layout of Drizzle "
            f"and Prisma. If those are the migrations, run: pulumi config set migrationsPattern {nested}"
        )


def migrations_folder(migrations_dir: str, migrations_pattern: str = "", root: Path = Path()) -> MigrationsFolder:
    """Return the folder that the config keys `migrationsDir` and `migrationsPattern` name.

    Raises:
        ConfigError: The pattern starts with another folder, or wrangler would read it differently.
    """
    return MigrationsFolder(migrations_dir, make_pattern(migrations_dir, migrations_pattern), root)


def read_folder(folder: Path, pattern: Pattern = DEFAULT) -> tuple[Migration, ...]:
    """Return the files of a folder in wrangler's order.

    Regular files that match `pattern` count; symbolic links, and anything behind them, do not.

    Raises:
        ConfigError: The folder does not exist, or the name or text of a file cannot be read.
    """
    if not folder.is_dir():
        raise ConfigError(
            f"there is no migrations folder '{folder}': create it, or set the config key migrationsDir to its path"
        )
    names = sorted(_names(folder, pattern), key=sort_key)
    return tuple(Migration(name, _text(folder / name)) for name in names)


def sort_key(name: str) -> tuple[tuple[bool, float, bytes], ...]:
    """Return the key that sorts names as wrangler does.

    Each path segment is compared by its leading number, segments without one last, and then by UTF-16 code unit.
    """
    return tuple(_segment_key(segment) for segment in name.split("/"))


def _segment_key(segment: str) -> tuple[bool, float, bytes]:
    number = _leading_number(segment.split("_", maxsplit=1)[0])
    return (not math.isfinite(number), number if math.isfinite(number) else 0, segment.encode("utf-16-be"))


def _leading_number(text: str) -> float:
    """Return JavaScript's parseInt of `text`, or infinity instead of NaN."""
    digits = re.match(rf"[{_WHITE_SPACE}]*([+-]?[0-9]+)", text)
    try:
        return float(int(digits[1])) if digits else math.inf
    except (OverflowError, ValueError):  # more digits than a float, or int(), takes
        return math.inf


def _names(folder: Path, pattern: Pattern) -> Iterator[str]:
    """Yield the paths inside of `folder` that match, in no particular order.

    Raises:
        ConfigError: A name has control characters, is not UTF-8, or contains a command of a CI system.
    """
    for place, folders, files in os.walk(folder):
        inside = Path(place).relative_to(folder)
        if len(inside.parts) >= pattern.depth:
            folders.clear()
        for name in ((inside / file).as_posix() for file in files):
            if pattern.matches(name) and _is_regular(folder / name):
                if _UNPRINTABLE.search(name):
                    raise ConfigError(
                        f"{folder}: the file name {name!a} is not printable: rename it, in UTF-8 and without control "
                        "characters"
                    )
                if has_command(name):  # Pulumi prints the name itself
                    raise ConfigError(f"{folder}: the file name {name} contains a command of CI systems: rename it")
                yield name


def _is_regular(file: Path) -> bool:
    return file.is_file() and not file.is_symlink()


def _text(file: Path) -> str:
    """Return the text of a file.

    Raises:
        ConfigError: It is not UTF-8 text. SQLite would end a statement at a NUL byte.
    """
    raw = file.read_bytes()
    if raw.startswith(_OTHER_MARKS):
        raise _not_utf8(file, raw, 0, "it starts with the mark of UTF-16 or UTF-32")
    if (nul := raw.find(b"\0")) >= 0:
        raise _not_utf8(file, raw, nul, f"it has NUL bytes (UTF-16?), the first at byte {nul}")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise _not_utf8(file, raw, error.start, f"byte {error.start} is {raw[error.start]:#04x}") from None


def _not_utf8(file: Path, raw: bytes, place: int, reason: str) -> ConfigError:
    line = raw.count(b"\n", 0, place) + 1
    return ConfigError(f"{file}:{line}: is not UTF-8 text: {reason}: save the file as UTF-8")
