"""Where a wrangler configuration says something else than a stack. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.wrangler.document import Document
from pulumi_d1.wrangler.edit import expected_in, is_id
from pulumi_d1.wrangler.quoting import dotted
from pulumi_d1.wrangler.syntax import syntax_of

if TYPE_CHECKING:
    from pulumi_d1.wrangler.entry import Binding


@dataclass(frozen=True, slots=True)
class Bound:
    """An entry that names a database.

    Attributes:
        environment: wrangler environment that it stands in; empty for the top level.
        binding: its variable.
        database_name: of its database; empty where it has none.
        database_id: of its database.
    """

    environment: str
    binding: str
    database_name: str
    database_id: str

    def __str__(self) -> str:
        path = ("env", self.environment, "d1_databases") if self.environment else ("d1_databases",)
        return _called(dotted(path), self.binding)


def differences(text: str, entry: Binding, name: str) -> list[str]:
    """A line for each value that `put` would change; none where the entry is as it should be.

    Args:
        text: the file's text.
        entry: what should be in it.
        name: the file's, which tells its language.

    Raises:
        ConfigError: the text is not valid, or its `d1_databases` is no list of tables.
    """
    document = Document.of(text, syntax_of(name))
    found = document.found(entry)
    if document.index(entry) is None:
        return [f"{_called(entry.table, entry.binding)} is missing"]
    expected = expected_in(found, entry)
    return [
        f"{_called(entry.table, entry.binding)}: {_change(key, found.get(key), expected.get(key))}"
        for key in [*entry.fields, *(found.keys() - entry.fields.keys())]
        if found.get(key) != expected.get(key)
    ]


def bound(text: str, name: str) -> list[Bound]:
    """Every entry that names a database. Placeholders are left out.

    Raises:
        ConfigError: as `differences`.
    """
    document = Document.of(text, syntax_of(name))
    document.entries(("env", "", "d1_databases"))  # refuses an `env` that is no table
    paths = {"": ("d1_databases",), **{key: ("env", key, "d1_databases") for key in document.content.get("env", {})}}
    return [
        Bound(environment, str(item.get("binding")), str(item.get("database_name", "")), str(item["database_id"]))
        for environment, path in paths.items()
        for item in document.entries(path)
        if is_id(item.get("database_id"))
    ]


def _called(table: str, binding: object) -> str:
    return f"'{binding}' in '{table}'"


def _change(key: str, found: object, expected: str | None) -> str:
    if found is None:
        return f"{key} is not there, and should be {json.dumps(expected)}"
    value = json.dumps(found, default=str)
    return (
        f"{key} is {value}, and should not be there"
        if expected is None
        else f"{key} is {value}, not {json.dumps(expected)}"
    )
