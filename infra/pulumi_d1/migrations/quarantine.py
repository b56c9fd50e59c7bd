"""Files that a restore took back from a stack, by the digest of their text. Pure.

They stand in the stack's configuration, where people read them: `0004_tags.sql@8f14e45fceea, 0005_to.sql@c9f0f895fb98`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

DIGITS: Final = 12
"""Hexadecimal digits of a digest that are kept: 48 bits tell any two texts apart that people write."""

_DIGEST: Final = rf"@[0-9a-f]{{{DIGITS}}}"
_ENTRY: Final = re.compile(rf"((?:(?!{_DIGEST}[;,\s]).)+)@([0-9a-f]{{{DIGITS}}})")
_COMMA: Final = re.compile(rf"(?<={_DIGEST}),\s*")  # a name may hold commas of its own


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One text that a stack refuses to apply again.

    Attributes:
        name: that its file had.
        digest: first DIGITS digits of its SHA-256.
    """

    name: str
    digest: str

    def __str__(self) -> str:
        """As the configuration has it."""
        return f"{self.name}@{self.digest}"


@dataclass(frozen=True, slots=True)
class Quarantine:
    """What one stack refuses to apply again.

    Attributes:
        stack: name of the stack.
        files: in the order in which they came.
    """

    stack: str
    files: tuple[Quarantined, ...] = ()

    def __str__(self) -> str:
        """As the configuration has it; empty when nothing is in it."""
        return ", ".join(map(str, self.files))

    def holding(self, sha256: str) -> Quarantined | None:
        """The file that had the text of this digest; None when the text is free."""
        return next((file for file in self.files if sha256.startswith(file.digest)), None)

    def with_texts(self, digests: Iterable[tuple[str, str]]) -> Quarantine:
        """The quarantine with more texts, each given by name and SHA-256; one that is in it already is not added."""
        new = (Quarantined(name, sha256[:DIGITS]) for name, sha256 in digests)
        return replace(self, files=tuple(dict.fromkeys((*self.files, *new))))

    def without(self, name: str) -> Quarantine:
        """The quarantine without any text of the file `name`."""
        return replace(self, files=tuple(file for file in self.files if file.name != name))


NONE: Final = Quarantine("")


def read_quarantine(text: str, stack: str) -> Quarantine:
    """The quarantine of `stack` from its configuration; empty text is an empty one.

    Raises:
        ConfigError: the text is not what a quarantine prints.
    """
    entries = [_ENTRY.fullmatch(item.strip()) for item in _COMMA.split(text)] if text.strip() else []
    found = [Quarantined(entry[1], entry[2]) for entry in entries if entry]
    if len(found) < len(entries):
        raise ConfigError(
            f"it should be NAME@DIGEST, NAME@DIGEST ..., where DIGEST is the first {DIGITS} hexadecimal digits of the "
            "file's SHA-256; 'd1 restore' writes it, and 'd1 release FILE' takes a file out"
        )
    return Quarantine(stack, tuple(found))
