"""SQL files of the migrations folder that do not count, and why. wrangler does not read them either."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pulumi_d1.escaping import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulumi_d1.migrations.pattern import Pattern

TESTS_FOLDER: Final = "tests"
"""The folder inside of the migrations folder that has tests. Its files are no migrations, and are meant not to be."""

_NOT_SEARCHED: Final = "node_modules"
"""A folder that is not searched, as are hidden ones: the migrations may lie in a repository's root."""

_MOST_NAMES: Final = 20


class PassedOverReason(StrEnum):
    """Why a file does not count, and what to do."""

    LINK = "symbolic links are not read: put the file itself there"
    FOLDER = "it is a folder"
    SPECIAL = "it is not a regular file"
    HIDDEN = "names that start with a dot are not read: rename it"
    CASE = "only names that end in .sql, in lower case, are read: rename it"
    DEPTH = "that folder is not read: move the file, or set migrationsPattern"
    PATTERN = "it does not match migrationsPattern"


@dataclass(frozen=True, slots=True)
class PassedOverFile:
    """A file, link or folder that does not count although its name is that of an SQL file.

    Attributes:
        name: The path inside the folder.
    """

    name: str
    reason: PassedOverReason


def find_passed_over(folder: Path, pattern: Pattern) -> Iterator[PassedOverFile]:
    """Yield the files that do not count, folder by folder, in order of their names."""
    for place, folders, files in os.walk(folder):
        inside = Path(place).relative_to(folder)
        for name in sorted([*folders, *files]):
            path = (inside / name).as_posix()
            if reason := _reason(folder / path, path, pattern):
                yield PassedOverFile(path, reason)
        skipped = {_NOT_SEARCHED, *([TESTS_FOLDER] if inside == Path() else [])}
        folders[:] = [name for name in sorted(folders) if not name.startswith(".") and name not in skipped]


def passed_over_lines(files: Iterable[PassedOverFile], folder: str) -> tuple[str, ...]:
    """Return one line for each reason, with the files that it is about.

    Args:
        folder: The folder as the user wrote it.
    """
    names: defaultdict[PassedOverReason, list[str]] = defaultdict(list)
    for file in files:
        path = f"{folder}/{file.name}"
        names[file.reason].append(escape_line(path))
    return tuple(f"passed over: {_listed(names[reason])} ({reason})" for reason in PassedOverReason if reason in names)


def _reason(file: Path, name: str, pattern: Pattern) -> PassedOverReason | None:
    """Return why a file or folder does not count; None if it does, or if its name is not that of an SQL file."""
    parents, is_link, is_folder = name.count("/"), file.is_symlink(), file.is_dir()
    if is_folder and parents < pattern.depth:  # its files may match
        return PassedOverReason.LINK if is_link else None
    if not name.lower().endswith(".sql"):
        return None
    reasons = (
        (is_link, PassedOverReason.LINK),
        (is_folder, PassedOverReason.FOLDER),
        (not file.is_file(), PassedOverReason.SPECIAL),
        (pattern.matches(name), None),
        (name.rpartition("/")[2].startswith("."), PassedOverReason.HIDDEN),
        (not name.endswith(".sql"), PassedOverReason.CASE),
        (parents > pattern.depth, PassedOverReason.DEPTH),
    )
    return next((reason for applies, reason in reasons if applies), PassedOverReason.PATTERN)


def _listed(names: list[str]) -> str:
    rest = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + rest
