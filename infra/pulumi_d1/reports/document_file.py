"""A block of ours in the user's Markdown document, between two marker lines."""

from __future__ import annotations

import re
from difflib import unified_diff
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError
from pulumi_d1.system.files import locked, prefix_errors, write_atomically
from pulumi_d1.wrangler.text import line_end

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")


def write_block(path: Path, name: str, block: str) -> bool:
    """Write `block` into the file, and return whether the file changed. A file that does not exist is created.

    Raises:
        ConfigError: The file cannot be read or written, or its markers are not one pair; nothing was written.
    """
    with prefix_errors(path), locked(path.resolve().parent):
        text = _text(path) if path.exists() else ""
        changed = with_block(text, name, block)
        if changed != text:
            write_atomically(path, changed, mode=0o644)
        return changed != text


def block_difference(path: Path, name: str, block: Callable[[str], str]) -> list[str]:
    """Return the lines of a diff from the file to the file with the block; none if they are equal.

    Args:
        block: Returns the expected block for the file's text.

    Raises:
        ConfigError: The file does not exist, or as for `write_block`.
    """
    with prefix_errors(path):
        text = _text(path)
        expected = with_block(text, name, block(text))
        return list(unified_diff(text.splitlines(), expected.splitlines(), str(path), "expected", lineterm=""))


def with_block(text: str, name: str, block: str) -> str:
    r"""Return the text with `block` between the lines `<!-- NAME -->` and `<!-- /NAME -->`; all else stays.

    If the text has neither marker, both are added at its end with the block.

    Args:
        block: Lines that end with \n; they get the file's line ends.

    Raises:
        ConfigError: The markers are not one pair.
    """
    newline = line_end(text)
    block = block.replace("\n", newline)
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    lines = [(line.group().strip(), line) for line in _LINE.finditer(text)]
    markers = [(marker, line) for marker, line in lines if marker in {opening, closing}]
    if not markers:
        gap = "" if not text else newline if text.endswith("\n") else 2 * newline
        return f"{text}{gap}{opening}{newline}{block}{closing}{newline}"
    if [marker for marker, _ in markers] != [opening, closing]:
        places = ", ".join(f"{marker} in line {text.count(chr(10), 0, at.start()) + 1}" for marker, at in markers)
        raise ConfigError(f"needs one line {opening} and, below it, one line {closing}, but has {places}")
    (_, before), (_, after) = markers
    return text[: before.end()] + block + text[after.start() :]


def _text(path: Path) -> str:
    """Return the file's text with its own line ends."""
    if not path.is_file():
        raise ConfigError("there is no such file: check the path, or create it with --write")
    return path.read_bytes().decode()
