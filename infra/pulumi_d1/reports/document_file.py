"""A file of the user's with a block that is ours: what is in it, and what should be."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError
from pulumi_d1.reports.marked_block import with_block
from pulumi_d1.system.files import locked, named, write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def put(path: Path, name: str, block: str) -> bool:
    """Writes `block` into its place in the file; tells whether that changed anything.

    Raises:
        ConfigError: the file can't be read or written, or its markers do not come as a pair; nothing was written.
    """
    with named(path), locked(path.resolve().parent):
        text = _text(path)
        changed = with_block(text, name, block)
        if changed != text:
            write_atomically(path, changed, mode=0o644)
        return changed != text


def difference(path: Path, name: str, block: Callable[[str], str]) -> list[str]:
    """What is not as it should be, as lines of a diff; none where all is.

    Args:
        path: the file.
        name: of the block.
        block: gives it, from the file's text.

    Raises:
        ConfigError: as `put`.
    """
    with named(path):
        text = _text(path)
        expected = with_block(text, name, block(text))
        return list(unified_diff(text.splitlines(), expected.splitlines(), str(path), "as it should be", lineterm=""))


def _text(path: Path) -> str:
    """The file's text with its own line ends."""
    if not path.is_file():
        raise ConfigError("there is no such file: create it, or check the path")
    return path.read_bytes().decode()
