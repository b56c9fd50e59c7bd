"""A block of a Markdown file that is ours, between two marker lines. Pure."""

from __future__ import annotations

import re
from typing import Final

from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler.text import line_end

_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")


def with_block(text: str, name: str, block: str) -> str:
    r"""The text with `block` between the lines `<!-- NAME -->` and `<!-- /NAME -->`, and all else as it was.

    Where neither marker is there, they and the block are put at the end.

    Args:
        text: the file's.
        name: of the block.
        block: lines that end with \n; they are given the file's own line ends.

    Raises:
        ConfigError: the markers do not come as one pair.
    """
    newline = line_end(text)
    block = block.replace("\n", newline)
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    found = [(line.group().strip(), line) for line in _LINE.finditer(text)]
    markers = [(marker, line) for marker, line in found if marker in {opening, closing}]
    if not markers:
        gap = "" if not text else newline if text.endswith("\n") else 2 * newline
        return f"{text}{gap}{opening}{newline}{block}{closing}{newline}"
    if [marker for marker, _ in markers] != [opening, closing]:
        lines = ", ".join(f"{marker} in line {text.count(chr(10), 0, at.start()) + 1}" for marker, at in markers)
        raise ConfigError(f"needs one line {opening} and, below it, one line {closing}, but has {lines}")
    (_, before), (_, after) = markers
    return text[: before.end()] + block + text[after.start() :]
