"""The database's entry in wrangler.toml. Everything else in the file stays, to the byte.

The entry is edited as text, and tomllib is the judge: what is returned means the old configuration with the one entry
put in or taken out, or there is a ConfigError.
"""

from __future__ import annotations

import tomllib
from copy import deepcopy
from typing import TYPE_CHECKING, Any
from uuid import UUID

from infra.errors import ConfigError
from infra.render.blocks import Blocks
from infra.render.inline_list import InlineList
from infra.render.toml_text import value_at
from infra.render.toml_write import dotted, quoted

if TYPE_CHECKING:
    from collections.abc import Collection

    from infra.render.binding import Binding


def put(text: str | None, entry: Binding) -> str:
    """The configuration with `entry` in it: added, or brought up to date where the binding is there already.

    Args:
        text: the file's text; None when there is no file.
        entry: what to put.

    Raises:
        ConfigError: the text is not TOML, its `d1_databases` is no list of tables, or the entry can't be put in without
            changing something else.
    """
    if text is None:
        return entry.configuration
    document = _parse(text)
    index = _index(document, entry)
    found = {} if index is None else _entries(document, entry)[index]
    wanted = entry.fields
    if "migrations_table" in found:  # the template leaves out wrangler's default, which is no longer what is there
        wanted["migrations_table"] = entry.migrations_table
    expected = found | wanted
    if not entry.migrations_pattern:  # the template leaves out wrangler's default, and absence alone means it
        expected.pop("migrations_pattern", None)
    if expected == found:
        return text
    if index is None:
        result = _listed(text, entry).add(entry.block)
    else:
        result = text
        for key in found.keys() - expected.keys():
            result = _listed(result, entry).drop(index, key)
        changes = {key: quoted(value) for key, value in wanted.items() if found.get(key) != value}
        result = _listed(result, entry).edit(index, changes)
    try:
        after = _parse(result)
        at = _index(after, entry)
    except ConfigError:
        raise _refusal(text, entry) from None
    kept = _without(after, entry, at) == _without(document, entry, index)
    if at is None or not kept or _entries(after, entry)[at] != expected:
        raise _refusal(text, entry)
    return result


def remove(text: str, entry: Binding) -> str:
    """The configuration without `entry`; the text itself when the binding is not there or is another database's.

    Raises:
        ConfigError: the text is not TOML, its `d1_databases` is no list of tables, or the entry can't be taken out
            without changing something else.
    """
    document = _parse(text)
    index = _index(document, entry)
    if index is None or _entries(document, entry)[index].get("database_id") != entry.database_id:
        return text
    result = _listed(text, entry).cut(index)
    try:
        kept = _without(_parse(result), entry, None) == _without(document, entry, index)
    except ConfigError:
        kept = False
    if not kept:
        raise ConfigError(
            f"'{entry.binding}' can't be taken out of '{entry.table}' without changing something else: "
            "take it out by hand"
        )
    return result


def refuse_foreign(text: str | None, entry: Binding, ours: Collection[str]) -> None:
    """Lets nobody's database be unbound without a word.

    Args:
        text: the file's text; None when there is no file.
        entry: what is about to be put.
        ours: the ids that may be replaced.

    Raises:
        ConfigError: the binding is there with the id of a database that is not in `ours`, or as `put` raises.
    """
    document = _parse(text or "")
    index = _index(document, entry)
    found = "" if index is None else _entries(document, entry)[index].get("database_id", "")
    if found not in ours and _is_id(found):
        raise ConfigError(
            f"'{entry.binding}' in '{entry.table}' is bound to the database {found}, which this stack did not write: "
            f"choose another name with 'pulumi config set binding NAME', remove the entry, or adopt that database with "
            f"'pulumi import'"
        )


def _is_id(value: object) -> bool:
    """Whether `value` is the id of a database, not a placeholder."""
    try:
        return UUID(str(value)).int != 0
    except ValueError:
        return False


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=str)  # NaN is not equal to itself
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is not valid TOML: {error}") from None


def _listed(text: str, entry: Binding) -> InlineList | Blocks:
    array = value_at(text, entry.path)
    return InlineList(text, array) if array else Blocks(text, entry.path)


def _entries(document: dict[str, Any], entry: Binding) -> list[dict[str, Any]]:
    table = document
    for depth, key in enumerate(entry.path[:-1], start=1):
        table = table.get(key, {})
        if not isinstance(table, dict):
            raise ConfigError(f"'{dotted(entry.path[:depth])}' is not a table")
    entries = table.get(entry.path[-1], [])
    if not isinstance(entries, list) or not all(isinstance(item, dict) for item in entries):
        raise ConfigError(f"'{entry.table}' is not a list of databases")
    return entries


def _index(document: dict[str, Any], entry: Binding) -> int | None:
    """Where the binding stands in its list.

    Raises:
        ConfigError: the list is none, or has the binding twice.
    """
    found = [i for i, item in enumerate(_entries(document, entry)) if item.get("binding") == entry.binding]
    if len(found) > 1:
        raise ConfigError(f"'{entry.table}' has more than one entry with the binding '{entry.binding}'")
    return found[0] if found else None


def _without(document: dict[str, Any], entry: Binding, index: int | None) -> dict[str, Any]:
    """What the document says apart from one entry, and from tables that are there only to hold it."""
    rest = deepcopy(document)
    if index is not None:
        del _entries(rest, entry)[index]
    tables = [rest]
    for key in entry.path[:-1]:
        tables.append(tables[-1].get(key, {}))
    for table, key in zip(reversed(tables), reversed(entry.path), strict=True):
        if table.get(key) in ({}, []):
            del table[key]
    return rest


def _refusal(text: str, entry: Binding) -> ConfigError:
    """Says what is in the way of the entry, and how it looks."""
    tables = [entry.path[:depth] for depth in range(1, len(entry.path))]
    inline = next((dotted(table) for table in tables if value_at(text, table)), None)
    reason = (
        f"'{inline}' is an inline table, to which TOML lets no other line add: write it with a header, [{inline}]"
        if inline
        else f"something in '{entry.table}' is written in a way that this program can't edit"
    )
    return ConfigError(
        f"can't be given its entry: {reason}. Or paste the entry in by hand, as it is here or with its lines between "
        f"the braces of an inline table, and run again:\n\n{entry.block}"
    )
