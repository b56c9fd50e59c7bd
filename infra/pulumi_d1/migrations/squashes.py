"""Squashed files: one file that stands for several, whose names are in the comments at its start. Pure.

The file runs on a database that has none of them. On one whose ledger lists all of them, only their rows are replaced.
If one of them is a squashed file itself, a ledger may list those that this one stands for instead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import unquote

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.quarantine import FileText, read_texts
from pulumi_d1.sqlite.statements import comments, next_statement, position

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

_WORD: Final = "d1:squashes"

MARK: Final = f"-- {_WORD} "
"""Start of the line that names one file, with the digest of its text.

A file of an earlier squash also has the name of the squashed file that stood for it.
"""

_WITHIN: Final = " within "

_ENCODED: Final = str.maketrans({character: f"%{ord(character):02X}" for character in "%'\"`;, "})
"""Characters at which Cloudflare splits a comment wrongly, or at which a list of names is split."""


@dataclass(frozen=True, slots=True)
class SquashedText(FileText):
    """The text of a file that a squashed file stands for.

    Attributes:
        within: The name of the earlier squashed file that stood for it; empty if it was in the folder itself.
    """

    within: str = ""


class SquashFile(Protocol):
    """A file that may stand for others."""

    @property
    def name(self) -> str:
        """The name in the ledger."""

    @property
    def sha256(self) -> str:
        """The hex digest of the text."""

    @property
    def squashed(self) -> Sequence[SquashedText]:
        """The files that it stands for, in order; empty if it is an ordinary file."""


def squashed_texts(files: Iterable[SquashFile]) -> Iterator[SquashedText]:
    """Yield the texts that a file in place of these stands for. Those of an earlier squash come before its own."""
    for file in files:
        yield from (replace(text, within=text.within or file.name) for text in file.squashed)
        yield SquashedText.of(file.name, file.sha256)


def squash_marks(texts: Iterable[SquashedText]) -> str:
    """Return the lines that `read_squashed` reads."""
    return "".join(map(_mark, texts))


def _mark(text: SquashedText) -> str:
    within = f"{_WITHIN}{text.within.translate(_ENCODED)}" if text.within else ""
    return f"{MARK}{FileText(text.name.translate(_ENCODED), text.digest)}{within}\n"


def read_squashed(sql: str) -> tuple[SquashedText, ...]:
    """Return the files that a file stands for, from the comments before its first statement.

    Raises:
        ConfigError: A comment with the mark has another form, or names a file again or within an unknown one.
    """
    texts: dict[str, SquashedText] = {}
    first = next_statement(sql) if _WORD in sql else None
    head = sql[: first.offset] if first else sql
    for comment in comments(head) if _WORD in head else ():
        if _WORD not in comment.text:
            continue
        line, _ = position(head, comment.offset)
        marked = comment.text.removeprefix(MARK) if comment.text.startswith(MARK) else ""
        entry, _, within = marked.partition(_WITHIN)
        try:
            [file] = read_texts(entry)
        except (ConfigError, ValueError):
            raise ConfigError(f"line {line} should be '{MARK}NAME@DIGEST', as 'd1 squash' writes it") from None
        name = unquote(file.name)
        if name in texts:
            raise ConfigError(f"line {line} names {name} again: delete the line that is not of 'd1 squash'")
        texts[name] = SquashedText(name, file.digest, unquote(within.strip()))
    if lost := [text for text in texts.values() if text.within and text.within not in texts]:
        raise ConfigError(
            f"a line names {lost[0].name} within {lost[0].within}, which no line names: bring back the lines that 'd1 "
            "squash' wrote"
        )
    return tuple(texts.values())


def replaced_texts(file: SquashFile, ledger: Collection[str], within: str = "") -> Iterator[SquashedText]:
    """Yield the files that a squashed file takes the place of in a ledger, whether they are applied or not.

    Instead of an earlier squashed file that the ledger lacks, those that it stood for are yielded.
    """
    for text in file.squashed:
        if text.within == within:
            earlier = () if text.name in ledger else tuple(replaced_texts(file, ledger, text.name))
            yield from earlier or (text,)


def find_swaps(files: Iterable[SquashFile], ledger: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the names that each squashed file takes the place of. The ledger lacks the file, and lists all of them."""
    swaps = {}
    for file in files:
        names = tuple(text.name for text in replaced_texts(file, ledger)) if file.name not in ledger else ()
        if names and all(name in ledger for name in names):
            swaps[file.name] = names
    return swaps


def ledger_after_swaps(files: Iterable[SquashFile], ledger: Sequence[str]) -> tuple[str, ...]:
    """Return the names in the ledger as they are once each squashed file stands in place of those before it."""
    names = tuple(ledger)
    for file in files:
        if old := find_swaps([file], names).get(file.name):
            first = next(name for name in names if name in old)
            names = tuple(file.name if name == first else name for name in names if name == first or name not in old)
    return names
