"""Files that a restore undid and a stack refuses to apply again, by the digest of their text. Pure.

The stack's configuration holds them in a readable form: `0004_tags.sql@8f14e45fceea, 0005_to.sql@c9f0f895fb98`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Self

from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

DIGITS: Final = 12
"""Hexadecimal digits of a digest that are kept: 48 bits distinguish any two texts that people write."""

_DIGEST: Final = rf"@[0-9a-f]{{{DIGITS}}}"
_ENTRY: Final = re.compile(rf"((?:(?!{_DIGEST}[;,\s]).)+)@([0-9a-f]{{{DIGITS}}})")
_COMMA: Final = re.compile(rf"(?<={_DIGEST}),\s*")  # a name may contain commas


@dataclass(frozen=True, slots=True)
class FileText:
    """The text of a file, by its digest, in a list of the configuration.

    Attributes:
        digest: The first DIGITS digits of its SHA-256.
    """

    name: str
    digest: str

    @classmethod
    def of(cls, name: str, sha256: str) -> Self:
        """Return the entry for the text of a file."""
        return cls(name, sha256[:DIGITS])

    def __str__(self) -> str:
        """Return the form in the configuration."""
        return f"{self.name}@{self.digest}"


@dataclass(frozen=True, slots=True)
class Quarantine:
    """All texts that one stack refuses to apply again.

    Attributes:
        files: The texts, in the order in which they were added.
    """

    stack: str
    files: tuple[FileText, ...] = ()

    def __str__(self) -> str:
        """Return the value in the configuration; empty if there are no texts."""
        return join_texts(self.files)

    def find(self, sha256: str) -> FileText | None:
        """Return the entry for a text, or None if the text is allowed."""
        return next((file for file in self.files if sha256.startswith(file.digest)), None)

    def with_texts(self, digests: Iterable[tuple[str, str]]) -> Quarantine:
        """Return the quarantine with more texts.

        Args:
            digests: The name and SHA-256 of each text.
        """
        new = (FileText.of(name, sha256) for name, sha256 in digests)
        return replace(self, files=tuple(dict.fromkeys((*self.files, *new))))

    def without(self, name: str) -> Quarantine:
        """Return the quarantine without any text of the file `name`."""
        return replace(self, files=tuple(file for file in self.files if file.name != name))


NONE: Final = Quarantine("")


def read_quarantine(text: str, stack: str) -> Quarantine:
    """Parse the quarantine of `stack` from the value in its configuration.

    Raises:
        ConfigError: The text is not in the form that a quarantine prints.
    """
    try:
        return Quarantine(stack, read_texts(text))
    except ConfigError as error:
        raise ConfigError(f"{error}; 'd1 restore' writes it, and 'd1 release FILE' removes a file from it") from None


def read_texts(text: str) -> tuple[FileText, ...]:
    """Parse a list of files by the digest of their text.

    Raises:
        ConfigError: The text has another form.
    """
    entries = [_ENTRY.fullmatch(item.strip()) for item in _COMMA.split(text)] if text.strip() else []
    files = tuple(FileText(entry[1], entry[2]) for entry in entries if entry)
    if len(files) < len(entries):
        raise ConfigError(
            f"it should be NAME@DIGEST, NAME@DIGEST ..., where DIGEST is the first {DIGITS} hexadecimal digits of the "
            "file's SHA-256"
        )
    return files


def join_texts(files: Iterable[FileText]) -> str:
    """Return the list that `read_texts` parses; empty if there are no files."""
    return ", ".join(map(str, files))
