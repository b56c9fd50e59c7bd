"""Folders of migrations that Drizzle and Prisma are configured to write to. Nothing is written."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COMMENT: Final = re.compile(
    r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|//[^\n]*|/\*.*?\*/""", re.DOTALL
)
_TEXT: Final = r"""\s*:\s*(["'`])(?P<text>[^"'`$]+)\1"""
_DRIZZLE_FOLDER: Final = "drizzle"
_OTHER_DIALECT: Final = re.compile(r"""\bdialect["']?\s*:\s*["'`](?!sqlite|turso)""")
_PRISMA_FOLDER: Final = "prisma/migrations"


def orm_folders(folder: Path) -> Iterator[str]:
    """Yield the folders that the configurations of ORMs in `folder` name, relative to it; the most specific first.

    Files that name no folder as plain text yield the ORM's default.
    """
    yield from _drizzle_folders(folder)
    yield from _prisma_folders(folder)


def _drizzle_folders(folder: Path) -> Iterator[str]:
    files = sorted(folder.glob("drizzle*.config.*"), key=lambda file: (not _is_d1(file), file.name))
    for file in files:
        text = _without_comments(file.read_text(encoding="utf-8", errors="replace"))
        if not _OTHER_DIALECT.search(text):
            yield _value(text, "out") or _DRIZZLE_FOLDER


def _prisma_folders(folder: Path) -> Iterator[str]:
    schema = _package_schema(folder / "package.json")
    for file in sorted(folder.glob("prisma.config.*")):
        text = _without_comments(file.read_text(encoding="utf-8", errors="replace"))
        migrations = re.search(r"\bmigrations\s*:\s*\{(?P<body>[^{}]*)\}", text)
        if path := _value(migrations["body"], "path") if migrations else "":
            yield path
        schema = _value(text, "schema") or schema
    if schema:
        parent = PurePosixPath(schema) if not schema.endswith(".prisma") else PurePosixPath(schema).parent
        yield (parent / "migrations").as_posix()
    if (folder / "prisma").is_dir():
        yield _PRISMA_FOLDER


def _is_d1(file: Path) -> bool:
    """Return whether a configuration of Drizzle names D1: a project may have one for each of its databases."""
    return bool(re.search(r"d1-http|\bd1\b", file.read_text(encoding="utf-8", errors="replace"), re.IGNORECASE))


def _without_comments(text: str) -> str:
    return _COMMENT.sub(lambda match: match[1] or "", text)


def _value(text: str, key: str) -> str:
    """Return the text of a key in an object of JavaScript or JSON; empty if it is computed or missing."""
    match = re.search(rf"""(?<![\w.$])["']?{key}["']?{_TEXT}""", text)
    return match["text"] if match else ""


def _package_schema(file: Path) -> str:
    """Return the path of Prisma's schema in a package.json; empty if it has none."""
    if not file.is_file():
        return ""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:  # not Prisma's concern: the project's name is read from it with an error
        return ""
    prisma = content.get("prisma") if isinstance(content, dict) else None
    schema = prisma.get("schema") if isinstance(prisma, dict) else None
    return schema if isinstance(schema, str) else ""
