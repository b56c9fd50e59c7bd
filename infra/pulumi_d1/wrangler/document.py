"""What a configuration says about databases, whatever language it is written in. Pure."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler.quoting import dotted

if TYPE_CHECKING:
    from pulumi_d1.wrangler.entry import Binding
    from pulumi_d1.wrangler.syntax import Syntax


@dataclass(frozen=True, slots=True)
class Document:
    """A configuration that has been read.

    Attributes:
        text: the whole of it.
        syntax: its language.
        content: what it says.
    """

    text: str
    syntax: Syntax
    content: dict[str, Any]

    @classmethod
    def of(cls, text: str, syntax: Syntax) -> Document:
        """Read a text.

        Raises:
            ConfigError: it is not valid.
        """
        return cls(text, syntax, syntax.parse(text))

    def entries(self, path: tuple[str, ...]) -> list[dict[str, Any]]:
        """The databases in the list at `path`.

        Raises:
            ConfigError: something on the way is no table, or the list is no list of tables.
        """
        table = self.content
        for depth, key in enumerate(path[:-1], start=1):
            table = table.get(key, {})
            if not isinstance(table, dict):
                where = self.syntax.place(self.text, path[:depth])
                raise ConfigError(f"{where}'{dotted(path[:depth])}' is not {_article(self.syntax.TABLE)}")
        entries = table.get(path[-1], [])
        if not isinstance(entries, list):
            raise ConfigError(f"{self.syntax.place(self.text, path)}'{dotted(path)}' is not a list of databases")
        for index, item in enumerate(entries):
            if not isinstance(item, dict):
                where = self.syntax.place(self.text, (*path, index))
                raise ConfigError(f"{where}'{dotted(path)}' is not a list of databases")
        return entries

    def index(self, entry: Binding) -> int | None:
        """Where the binding of `entry` stands in its list; None where it does not.

        Raises:
            ConfigError: the list is none, or has the binding twice.
        """
        found = [i for i, item in enumerate(self.entries(entry.path)) if item.get("binding") == entry.binding]
        if len(found) > 1:
            where = self.syntax.place(self.text, (*entry.path, found[1]))
            raise ConfigError(f"{where}'{entry.table}' has more than one entry with the binding '{entry.binding}'")
        return found[0] if found else None

    def found(self, entry: Binding) -> dict[str, Any]:
        """What is there with the binding of `entry`; empty where nothing is.

        Raises:
            ConfigError: as `index`.
        """
        index = self.index(entry)
        return {} if index is None else self.entries(entry.path)[index]

    def without(self, entry: Binding, index: int | None) -> dict[str, Any]:
        """What it says apart from the entry at `index`, and from tables that are there only to hold it."""
        rest = Document(self.text, self.syntax, deepcopy(self.content))
        if index is not None:
            del rest.entries(entry.path)[index]
        tables = [rest.content]
        for key in entry.path[:-1]:
            tables.append(tables[-1].get(key, {}))
        for table, key in zip(reversed(tables), reversed(entry.path), strict=True):
            if table.get(key) in ({}, []):
                del table[key]
        return rest.content


def _article(noun: str) -> str:
    return f"an {noun}" if noun.startswith("o") else f"a {noun}"
