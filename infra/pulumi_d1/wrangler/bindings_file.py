"""d1.bindings.json: every stack's database, for cloudflare.config.ts to import. Pure.

`cloudflare.config.ts` is a program, which cannot be edited as text. This file is ours as a whole.
"""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler.entry import is_id

if TYPE_CHECKING:
    from collections.abc import Collection

    from pulumi_d1.wrangler.entry import WranglerEntry

NAME: Final = "d1.bindings.json"
PROGRAM: Final = "cloudflare.config.ts"
"""The configuration that imports the file."""


def is_bindings_file(path: str) -> bool:
    """Return whether `path` is a file of this kind. Its entries have the stack in place of a wrangler environment."""
    return PurePath(path).name == NAME


def put(text: str | None, entry: WranglerEntry) -> str:
    """Return the file with the stack's database.

    Raises:
        ConfigError: The text is not an object of JSON.
    """
    stacks = _parse(text)
    stacks[entry.environment] = _values(entry)
    return _to_text(stacks)


def remove(text: str, entry: WranglerEntry) -> str:
    """Return the file without the stack's database, or unchanged if the stack has another one there.

    Raises:
        ConfigError: As `put`.
    """
    stacks = _parse(text)
    if _id(stacks, entry) != entry.database_id:
        return text
    del stacks[entry.environment]
    return _to_text(stacks)


def differences(text: str, entry: WranglerEntry) -> list[str]:
    """Return one line for each value that `put` would change.

    Raises:
        ConfigError: As `put`.
    """
    present = _parse(text).get(entry.environment)
    if not isinstance(present, dict):
        return [f"{entry} is missing"]
    expected = _values(entry)
    return [
        f"{entry}: {key} is {json.dumps(present.get(key))}, not {json.dumps(expected.get(key))}"
        for key in expected
        if present.get(key) != expected[key]
    ]


def refuse_foreign(text: str | None, entry: WranglerEntry, ours: Collection[str]) -> None:
    """Refuse to replace a database that is not ours.

    Raises:
        ConfigError: The stack has the id of another database there.
    """
    database_id = _id(_parse(text), entry)
    if is_id(database_id) and database_id not in ours:
        raise ConfigError(
            f"{entry} has the database {database_id}, which this stack did not write: remove it, or adopt that "
            "database with 'd1 adopt'"
        )


def _values(entry: WranglerEntry) -> dict[str, str]:
    return {
        "binding": entry.binding,
        "id": entry.database_id,
        "name": entry.database_name,
        "migrations_dir": entry.migrations_dir,
        "migrations_pattern": entry.migrations_pattern or f"{entry.migrations_dir}/*.sql",
        "migrations_table": entry.migrations_table,
    }


def _id(stacks: dict[str, Any], entry: WranglerEntry) -> str:
    present = stacks.get(entry.environment)
    return str(present.get("id", "")) if isinstance(present, dict) else ""


def _parse(text: str | None) -> dict[str, Any]:
    try:
        content = json.loads(text or "{}")
    except ValueError as error:
        raise ConfigError(f"is not valid JSON: {error}; delete the file, and 'd1 render' writes it again") from None
    if not isinstance(content, dict):
        raise ConfigError("is not an object: delete the file, and 'd1 render' writes it again")
    return content


def _to_text(stacks: dict[str, Any]) -> str:
    return json.dumps(dict(sorted(stacks.items())), indent=2, ensure_ascii=False) + "\n"
