"""Squashed files: one file that stands for several, whose names are in the comments at its start. Pure.

The file runs on a database that has none of them. On one whose ledger lists all of them, only their rows are replaced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, TypeVar
from urllib.parse import unquote

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.quarantine import FileText, read_texts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

MARK: Final = "-- d1:squashes "
"""Start of the line that names one file, with the digest of its text."""

_ENCODED: Final = str.maketrans({character: f"%{ord(character):02X}" for character in "%'\"`;, "})
"""Characters at which Cloudflare splits a comment wrongly, or at which a list of names is split."""


class SquashFile(Protocol):
    """A file that may stand for others."""

    @property
    def name(self) -> str:
        """The name in the ledger."""

    @property
    def squashed(self) -> Sequence[FileText]:
        """The files that it stands for, in order; empty if it is an ordinary file."""


F = TypeVar("F", bound=SquashFile)


def squash_marks(files: Iterable[FileText]) -> str:
    """Return the lines that `read_squashed` reads."""
    return "".join(f"{MARK}{FileText(file.name.translate(_ENCODED), file.digest)}\n" for file in files)


def read_squashed(sql: str) -> tuple[FileText, ...]:
    """Return the files that a file stands for, from the comments before its first other line.

    Raises:
        ConfigError: A line with the mark has another form, or names a file again.
    """
    files: dict[str, FileText] = {}
    lines = sql.removeprefix("\ufeff").splitlines() if MARK in sql else ()  # some editors add a byte order mark
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("--"):
            break
        if not line.startswith(MARK):
            continue
        try:
            [file] = read_texts(line.removeprefix(MARK))
        except (ConfigError, ValueError):
            raise ConfigError(f"line {number} should be '{MARK}NAME@DIGEST', as 'd1 squash' writes it") from None
        name = unquote(file.name)
        if name in files:
            raise ConfigError(f"line {number} names {name} again: delete the line that is not of 'd1 squash'")
        files[name] = FileText(name, file.digest)
    return tuple(files.values())


def find_swaps(files: Iterable[F], ledger: Collection[str]) -> tuple[F, ...]:
    """Return the squashed files that the ledger lacks, while it lists every file that they stand for."""
    return tuple(
        file
        for file in files
        if file.squashed and file.name not in ledger and all(old.name in ledger for old in file.squashed)
    )


def ledger_after_swaps(files: Iterable[SquashFile], ledger: Sequence[str]) -> tuple[str, ...]:
    """Return the names in the ledger as they are once each squashed file stands in place of those before it."""
    names = tuple(ledger)
    for file in files:
        if not find_swaps([file], names):
            continue
        old = {text.name for text in file.squashed}
        first = next(name for name in names if name in old)
        names = tuple(file.name if name == first else name for name in names if name == first or name not in old)
    return names
