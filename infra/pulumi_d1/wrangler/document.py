"""A parsed configuration, in any syntax. Pure."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler.entry import FIELDS, PREVIEW_ID, WORKER_PREVIEWS, WranglerEntry, is_id, list_keys
from pulumi_d1.wrangler.syntax import syntax_of
from pulumi_d1.wrangler.text import dotted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_d1.wrangler.syntax import Syntax

PAGES_ENVIRONMENTS: Final = ("", "preview", "production")
"""The environments that wrangler accepts in a Pages project; empty for the top level."""


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed configuration."""

    path: str
    text: str
    syntax: Syntax
    content: dict[str, Any]

    @classmethod
    def parse(cls, text: str, path: str) -> Document:
        """Parse a text in the syntax that the suffix of `path` selects.

        Raises:
            ConfigError: The text is invalid, or wrangler reads no such file.
        """
        syntax = syntax_of(path)
        return cls(path, text, syntax, syntax.parse(text))

    @property
    def environments(self) -> tuple[str, ...]:
        """The names of the wrangler environments.

        Raises:
            ConfigError: `env` is not a table.
        """
        self.tables(list_keys("any"))
        return tuple(self.content.get("env", {}))

    @property
    def entries(self) -> tuple[WranglerEntry, ...]:
        """All entries, those of the top level first, those of Worker Previews last.

        Raises:
            ConfigError: A list of databases is not a list of tables.
        """
        return tuple(
            self._entry(environment, table)
            for environment in ("", *self.environments, WORKER_PREVIEWS)
            for table in self.tables(list_keys(environment))
        )

    @property
    def is_pages(self) -> bool:
        """True if the file configures a Pages project."""
        return self.content.get("pages_build_output_dir") is not None

    def accepts_environment(self, environment: str) -> bool:
        """Return whether wrangler accepts an environment of this name in the file."""
        return not self.is_pages or environment in {*PAGES_ENVIRONMENTS, PREVIEW_ID}

    def refuse_environment(self, entry: WranglerEntry) -> None:
        """Refuse an environment with which wrangler would refuse the whole file.

        Raises:
            ConfigError: The file configures a Pages project, which has no such environment.
        """
        if not self.accepts_environment(entry.environment):
            raise ConfigError(
                f"{entry} cannot be written: this is a Pages project, in which wrangler accepts no environments but "
                "'preview' and 'production'. Choose the place of the binding with 'pulumi config set "
                "wranglerEnvironment preview' (or production, or top-level), or none to have no binding"
            )

    def tables(self, keys: tuple[str, ...]) -> list[dict[str, Any]]:
        """Return the tables of the list at `keys`; none if it does not exist.

        Raises:
            ConfigError: A value on the way is not a table, or the list is not a list of tables.
        """
        table = self.content
        for depth, key in enumerate(keys[:-1], start=1):
            table = table.get(key, {})
            if not isinstance(table, dict):
                place = self.syntax.place(self.text, keys[:depth])
                raise ConfigError(f"{place}'{dotted(keys[:depth])}' is not {self.syntax.TABLE}")
        tables = table.get(keys[-1], [])
        if not isinstance(tables, list):
            raise ConfigError(f"{self.syntax.place(self.text, keys)}'{dotted(keys)}' is not a list of databases")
        for index, item in enumerate(tables):
            if not isinstance(item, dict):
                place = self.syntax.place(self.text, (*keys, index))
                raise ConfigError(f"{place}'{dotted(keys)}' is not a list of databases")
        return tables

    def line_of(self, keys: tuple[str | int, ...]) -> str:
        """Return the file and line of the value at `keys`, such as `wrangler.toml:12`."""
        line = re.match(r"line (\d+)", self.syntax.place(self.text, keys))
        return f"{self.path}:{line[1]}" if line else self.path

    def index_of(self, entry: WranglerEntry) -> int | None:
        """Return the index of the table with the binding of `entry`; None if there is none.

        Raises:
            ConfigError: The list is not a list of tables, or has the binding twice.
        """
        indexes = [i for i, table in enumerate(self.tables(entry.keys)) if table.get("binding") == entry.binding]
        if len(indexes) > 1:
            place = self.syntax.place(self.text, (*entry.keys, indexes[1]))
            raise ConfigError(f"{place}'{entry.table}' has more than one entry with the binding '{entry.binding}'")
        return indexes[0] if indexes else None

    def table_of(self, entry: WranglerEntry) -> dict[str, Any]:
        """Return the table with the binding of `entry`; empty if there is none.

        Raises:
            ConfigError: As `index_of`.
        """
        index = self.index_of(entry)
        return {} if index is None else self.tables(entry.keys)[index]

    def without(self, entry: WranglerEntry, index: int | None) -> dict[str, Any]:
        """Return the content without the table at `index`, and without tables that exist only to hold it."""
        rest = replace(self, content=deepcopy(self.content))
        if index is not None:
            del rest.tables(entry.keys)[index]
        parents = [rest.content]
        for key in entry.keys[:-1]:
            parents.append(parents[-1].get(key, {}))
        for parent, key in zip(reversed(parents), reversed(entry.keys), strict=True):
            if parent.get(key) in ({}, []):
                del parent[key]
        return rest.content

    def _entry(self, environment: str, table: Mapping[str, Any]) -> WranglerEntry:
        texts = {key: value for key, value in table.items() if key in FIELDS and isinstance(value, str)}
        id_ = texts.get("database_id")
        texts["database_id"] = str(id_).lower() if is_id(id_) else ""
        return WranglerEntry(**{"binding": "", **texts, "path": self.path, "environment": environment})
