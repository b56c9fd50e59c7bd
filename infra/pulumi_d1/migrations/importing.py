"""Find the files that must be sent as an import, and those that must not. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_d1.sqlite.authorizer import BOOLEAN_PRAGMAS, is_on
from pulumi_d1.sqlite.statements import (
    comments,
    creates_trigger,
    first_word,
    iter_statements,
    may_have_comments,
    normalize_newlines,
    tokens,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.sqlite.statements import Statement

_MISREAD: Final = "'\"`;"
_ON: Final = frozenset({"foreign_keys"})  # the boolean PRAGMAs that D1 has on; it has all others off


def is_split_wrongly(statement: Statement) -> bool:
    """Return whether /query is known to fail on a statement.

    It fails on many triggers (workers-sdk#15690, #15314, #14991), and on comments that contain a quote (#4713) or a
    semicolon (#3892).
    """
    if creates_trigger(statement):
        return True
    text = statement.text
    return may_have_comments(text) and any(set(comment.text) & set(_MISREAD) for comment in comments(text))


def refused_imports(files: Iterable[Migration], folder: str) -> tuple[str, ...]:
    """Return a line for each file that must be sent as an import, but has a PRAGMA that matters.

    A query and an import run such a file differently (docs/adr/0018), and no one asked for the import.

    Args:
        folder: The folder, as the user wrote it.
    """
    return tuple(f"{folder}/{file.name}{problem}" for file in files if (problem := _pragma_in_import(file.sql)))


def _pragma_in_import(sql: str) -> str:
    if "pragma" not in sql.lower():
        return ""
    pragma = cause = None
    for statement in iter_statements(normalize_newlines(sql)):
        if cause is None and is_split_wrongly(statement):
            cause = statement
        if pragma is None and _changes_a_default(statement):
            pragma = statement
    if pragma is None or cause is None:
        return ""
    what = "creates a trigger" if creates_trigger(cause) else "has a comment with a quote or a semicolon"
    return (
        f":{pragma.line}: it is not known whether this PRAGMA works, because the file must be sent as an import: the "
        f"statement in line {cause.line} {what}. Split the file, and keep PRAGMA and that statement apart"
    )


def _changes_a_default(statement: Statement) -> bool:
    """Return whether a statement is a PRAGMA that gives a setting another value than D1 does."""
    if first_word(statement.text) != "pragma":
        return False
    _, *words = tokens(statement.text)
    if words[1:2] == ["."]:  # the name of a database
        words = words[2:]
    name, value = words[0] if words else "", words[2:3]
    return name in BOOLEAN_PRAGMAS and value != [] and is_on(value[0]) != (name in _ON)
