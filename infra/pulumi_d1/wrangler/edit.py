"""Put, compare and remove one entry of a wrangler configuration. Every other byte of the file stays.

The entry is edited as text. The result is parsed again, and returned only if it means the old configuration with this
one entry put in or removed.
"""

from __future__ import annotations

import json
import posixpath
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.errors import ConfigError
from pulumi_d1.system.template import render
from pulumi_d1.wrangler.document import Document
from pulumi_d1.wrangler.entry import PREVIEW_ID, is_id
from pulumi_d1.wrangler.syntax import syntax_of
from pulumi_d1.wrangler.text import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pulumi_d1.wrangler.entry import WranglerEntry

_FOLDER: Final = "migrations"
_LEDGER: Final = "d1_migrations"
"""wrangler's values for keys that an entry does not have."""

_PATHS: Final = ("migrations_dir", "migrations_pattern")


def put(text: str | None, entry: WranglerEntry) -> str:
    """Return the configuration with `entry`, added or, if its binding exists, updated.

    Args:
        text: The file's text; None if there is no file.

    Raises:
        ConfigError: The text is invalid, its `d1_databases` is not a list of tables, or the entry cannot be put in
            without changing something else.
    """
    syntax = syntax_of(entry.path)
    text = _new_configuration(entry) if text is None else text
    document = Document.parse(text, entry.path)
    document.refuse_environment(entry)
    index, present = document.index_of(entry), document.table_of(entry)
    if entry.environment == PREVIEW_ID and index is None:
        raise ConfigError(f"{entry} cannot be written: there is no such entry. Run 'pulumi up' for its own stack first")
    expected = _expected(present, entry)
    if expected == present:
        return text
    result = text
    if index is None:
        result = syntax.add(result, entry)
    else:
        for key in present.keys() - expected.keys():
            result = syntax.remove_key(result, entry, index, key)
        changes = {key: value for key, value in expected.items() if present.get(key) != value}
        result = syntax.update(result, entry, index, changes)
    try:
        after = Document.parse(result, entry.path)
        at = after.index_of(entry)
    except ConfigError:
        raise _refusal(document, entry) from None
    rest_is_kept = after.without(entry, at) == document.without(entry, index)
    if at is None or not rest_is_kept or after.table_of(entry) != expected:
        raise _refusal(document, entry)
    return result


def remove(text: str, entry: WranglerEntry) -> str:
    """Return the configuration without `entry`, or unchanged if its binding is missing or has another database.

    Raises:
        ConfigError: The text is invalid, its `d1_databases` is not a list of tables, or the entry cannot be removed
            without changing something else.
    """
    document = Document.parse(text, entry.path)
    index = document.index_of(entry)
    if index is None or str(document.table_of(entry).get(entry.id_key)).lower() != entry.database_id:
        return text
    if entry.environment == PREVIEW_ID:
        return document.syntax.remove_key(text, entry, index, entry.id_key)
    result = document.syntax.remove(text, entry, index)
    try:
        rest_is_kept = Document.parse(result, entry.path).without(entry, None) == document.without(entry, index)
    except ConfigError:
        rest_is_kept = False
    if not rest_is_kept:
        raise ConfigError(f"{entry} cannot be removed without changing something else: remove it by hand")
    return result


def differences(text: str, entry: WranglerEntry) -> list[str]:
    """Return one line for each value that `put` would change.

    Raises:
        ConfigError: The text is invalid, or its `d1_databases` is not a list of tables.
    """
    document = Document.parse(text, entry.path)
    if document.index_of(entry) is None:
        return [f"{entry} is missing"]
    present = document.table_of(entry)
    expected = _expected(present, entry)
    return [
        f"{entry}: {key} {_difference(present.get(key), expected.get(key))}"
        for key in [*entry.values, *sorted(present.keys() - entry.values.keys())]
        if present.get(key) != expected.get(key)
    ]


def refuse_foreign(text: str | None, entry: WranglerEntry, ours: Collection[str]) -> None:
    """Refuse to replace the binding of a database that is not ours.

    Args:
        text: The file's text; None if there is no file.
        ours: Ids of databases that may be replaced.

    Raises:
        ConfigError: The binding has the id of another database, or as `put`.
    """
    if text is None:
        return
    document = Document.parse(text, entry.path)
    database_id = str(document.table_of(entry).get(entry.id_key, "")).lower()
    if database_id in ours or not is_id(database_id):
        return
    others = [str(other) for other in document.entries if other.database_id == database_id and other.keys != entry.keys]
    if others:
        raise ConfigError(
            f"{entry} is bound to the database {database_id}, and so is {' and '.join(others)}; this stack did not "
            f"write either. Two environments with one database cannot each have a stack of their own: delete {entry}, "
            "so that this stack gets a new database there, or choose another place for its binding with 'pulumi config "
            "set wranglerEnvironment NAME' (none for no binding)"
        )
    raise ConfigError(
        f"{entry} is bound to the database {database_id}, which this stack did not write: choose another name with "
        "'pulumi config set binding NAME', remove the entry, or, if no other stack owns that database, adopt it "
        "with 'd1 adopt'"
    )


def _new_configuration(entry: WranglerEntry) -> str:
    """Return the text of a new configuration, without the entry."""
    return render(f"wrangler{PurePath(entry.path).suffix}.j2", {"quoted": quoted}, worker=entry.worker)


def _expected(present: dict[str, Any], entry: WranglerEntry) -> dict[str, Any]:
    """Return the table that should replace `present`. Keys that are not ours stay, and so do paths that are right."""
    if entry.environment == PREVIEW_ID:
        return present | entry.values
    if present and _is_right(present, entry):
        return present
    expected = present | entry.values
    if "migrations_table" in present:  # `values` omits wrangler's default, which must still replace another name
        expected["migrations_table"] = entry.migrations_table
    if not entry.migrations_pattern:  # no value means wrangler's default, so the key has to go
        expected.pop("migrations_pattern", None)
    right_paths = {key: present[key] for key in _PATHS if key in present and _is_same(present[key], expected.get(key))}
    return expected | right_paths


def _is_right(present: Mapping[str, Any], entry: WranglerEntry) -> bool:
    """Return whether wrangler reads the same from `present` as from our values, although they are written otherwise."""
    folder = present.get("migrations_dir", _FOLDER)
    pattern = present.get("migrations_pattern") or f"{folder}/*.sql"
    return (
        str(present.get("database_id")).lower() == entry.database_id
        and present.get("database_name", entry.database_name) == entry.database_name
        and (present.get("migrations_table") or _LEDGER) == entry.migrations_table
        and _is_same(folder, entry.migrations_dir)
        and _is_same(pattern, entry.migrations_pattern or f"{entry.migrations_dir}/*.sql")
    )


def _is_same(path: object, other: object) -> bool:
    """Return whether two paths are the same, such as `./sql/` and `sql`."""
    if isinstance(path, str) and isinstance(other, str):
        return posixpath.normpath(path) == posixpath.normpath(other)
    return path == other


def _difference(present: object, expected: str | None) -> str:
    if present is None:
        return f"is missing, should be {json.dumps(expected)}"
    value = json.dumps(present, default=str)
    return f"is {value}, should not be set" if expected is None else f"is {value}, not {json.dumps(expected)}"


def _refusal(document: Document, entry: WranglerEntry) -> ConfigError:
    """Return the error for an entry that cannot be put in, with the entry to paste."""
    reason = document.syntax.obstacle(document.text, entry) or f"something in '{entry.table}' has an unusual form"
    return ConfigError(
        f"{entry} cannot be written: {reason}. To write it by hand, paste the entry {document.syntax.to_paste(entry)}"
    )
