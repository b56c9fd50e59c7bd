"""The database's entry in a wrangler configuration. Everything else in the file stays, to the byte.

The entry is edited as text, and a parser that knows nothing of the edit is the judge: what is returned means the old
configuration with the one entry put in or taken out, or there is a ConfigError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler.document import Document
from pulumi_d1.wrangler.entry import start
from pulumi_d1.wrangler.syntax import syntax_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from pulumi_d1.wrangler.entry import Binding


def put(text: str | None, entry: Binding, name: str) -> str:
    """The configuration with `entry` in it: added, or brought up to date where the binding is there already.

    Args:
        text: the file's text; None when there is no file.
        entry: what to put.
        name: the file's, which tells its language.

    Raises:
        ConfigError: the text is not valid, its `d1_databases` is no list of tables, or the entry can't be put in
            without changing something else.
    """
    syntax = syntax_of(name)
    text = start(entry.worker, name) if text is None else text
    document = Document.of(text, syntax)
    index, found = document.index(entry), document.found(entry)
    expected = expected_in(found, entry)
    if expected == found:
        return text
    result = text
    if index is None:
        result = syntax.add(result, entry)
    else:
        for key in found.keys() - expected.keys():
            result = syntax.drop(result, entry, index, key)
        changes = {key: value for key, value in expected.items() if found.get(key) != value}
        result = syntax.edit(result, entry, index, changes)
    try:
        after = Document.of(result, syntax)
        at = after.index(entry)
    except ConfigError:
        raise _refusal(document, entry) from None
    kept = after.without(entry, at) == document.without(entry, index)
    if at is None or not kept or after.found(entry) != expected:
        raise _refusal(document, entry)
    return result


def remove(text: str, entry: Binding, name: str) -> str:
    """The configuration without `entry`; the text itself when the binding is not there or is another database's.

    Raises:
        ConfigError: the text is not valid, its `d1_databases` is no list of tables, or the entry can't be taken out
            without changing something else.
    """
    syntax = syntax_of(name)
    document = Document.of(text, syntax)
    index = document.index(entry)
    if index is None or document.found(entry).get("database_id") != entry.database_id:
        return text
    result = syntax.cut(text, entry, index)
    try:
        kept = Document.of(result, syntax).without(entry, None) == document.without(entry, index)
    except ConfigError:
        kept = False
    if not kept:
        raise ConfigError(
            f"'{entry.binding}' can't be taken out of '{entry.table}' without changing something else: "
            "take it out by hand"
        )
    return result


def refuse_foreign(text: str | None, entry: Binding, ours: Collection[str], name: str) -> None:
    """Lets nobody's database be unbound without a word.

    Args:
        text: the file's text; None when there is no file.
        entry: what is about to be put.
        ours: the ids that may be replaced.
        name: the file's, which tells its language.

    Raises:
        ConfigError: the binding is there with the id of a database that is not in `ours`, or as `put` raises.
    """
    if text is None:
        return
    found = Document.of(text, syntax_of(name)).found(entry).get("database_id", "")
    if found not in ours and is_id(found):
        raise ConfigError(
            f"'{entry.binding}' in '{entry.table}' is bound to the database {found}, which this stack did not write: "
            "choose another name with 'pulumi config set binding NAME', remove the entry, or take that database over "
            "with 'd1 adopt', unless another stack has it"
        )


def is_id(value: object) -> bool:
    """Whether `value` is the id of a database, not a placeholder."""
    try:
        return UUID(str(value)).int != 0
    except ValueError:
        return False


def expected_in(found: dict[str, Any], entry: Binding) -> dict[str, Any]:
    """What becomes of `found`, which is in the place of `entry`: keys that are not ours stay."""
    expected = found | entry.fields
    if "migrations_table" in found:  # wrangler's default is left out, but is no longer what is there
        expected["migrations_table"] = entry.migrations_table
    if not entry.migrations_pattern:  # wrangler's default is left out, and absence alone means it
        expected.pop("migrations_pattern", None)
    return expected


def _refusal(document: Document, entry: Binding) -> ConfigError:
    """Says what is in the way of the entry, and how it looks."""
    reason = document.syntax.obstacle(document.text, entry) or (
        f"something in '{entry.table}' is written in a way that this program can't edit"
    )
    return ConfigError(
        f"can't be given its entry: {reason}. Or paste the entry in by hand, {document.syntax.by_hand(entry)}"
    )
