"""One entry of `d1_databases`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from pulumi_d1.system.template import render
from pulumi_d1.wrangler.text import dotted, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping


WORKER_PREVIEWS: Final = "worker-previews"
"""Place of the databases of Worker Previews: `previews.d1_databases`."""

PREVIEW_ID: Final = "preview-id"
"""Place of a database in the top level's entry for another one: its `preview_database_id`."""


@dataclass(frozen=True, slots=True)
class WranglerEntry:
    """One entry of `d1_databases`. A field is empty if the user's entry does not have the key.

    Attributes:
        path: The configuration file. Its suffix selects the syntax. Empty if the database has no binding.
        environment: The wrangler environment; empty for the top level; or WORKER_PREVIEWS or PREVIEW_ID.
        database_id: UUID; empty for a placeholder in the user's entry.
        migrations_dir: Folder of the migrations, relative to the configuration's folder.
        migrations_pattern: Glob of the migrations, relative to the same folder; empty for wrangler's default.
        worker: The Worker's name, for a configuration that does not exist yet.
    """

    path: str
    environment: str
    binding: str
    database_name: str = ""
    database_id: str = ""
    migrations_dir: str = ""
    migrations_table: str = ""
    migrations_pattern: str = ""
    jurisdiction: str = ""
    worker: str = ""

    def __str__(self) -> str:
        """Return the place in the file, such as `'DB' in 'env.production.d1_databases'`, or the stack."""
        if PurePath(self.path).name == "d1.bindings.json":
            return f"'{self.environment}'"
        key = "" if self.id_key == "database_id" else f"'{self.id_key}' of "
        return f"{key}'{self.binding}' in '{self.table}'"

    @property
    def id_key(self) -> str:
        """The key that holds the database's id."""
        return "preview_database_id" if self.environment == PREVIEW_ID else "database_id"

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys from the top level to the list that contains the entry."""
        return list_keys(self.environment)

    @property
    def table(self) -> str:
        """The same as a dotted key: `d1_databases` or `env.production.d1_databases`."""
        return dotted(self.keys)

    @property
    def values(self) -> dict[str, str]:
        """The keys and values to write, in order. wrangler's defaults for the ledger and the pattern are omitted."""
        if self.environment == PREVIEW_ID:
            return {"binding": self.binding, self.id_key: self.database_id}
        values = {
            "binding": self.binding,
            "database_name": self.database_name,
            "database_id": self.database_id,
            "migrations_dir": self.migrations_dir,
        }
        if self.migrations_pattern:
            values["migrations_pattern"] = self.migrations_pattern
        if self.migrations_table != "d1_migrations":
            values["migrations_table"] = self.migrations_table
        return values

    @property
    def block(self) -> str:
        """The entry as TOML: a `[[header]]` and one line per value."""
        return render("d1_database.toml.j2", {"quoted": quoted}, table=self.table, values=self.values)


FIELDS = tuple(field.name for field in fields(WranglerEntry))


def list_keys(environment: str) -> tuple[str, ...]:
    """Return the keys from the top level to the databases of a wrangler environment; empty for the top level."""
    if environment == WORKER_PREVIEWS:
        return ("previews", "d1_databases")
    return ("d1_databases",) if environment in {"", PREVIEW_ID} else ("env", environment, "d1_databases")


def entry_from(values: Mapping[str, Any]) -> WranglerEntry:
    """Return the entry in the inputs or outputs of a resource, which may have other keys as well."""
    return WranglerEntry(**{name: values[name] for name in FIELDS if name in values})


def is_id(value: object) -> bool:
    """Return whether `value` is the id of a database, not a placeholder."""
    try:
        uuid = UUID(str(value))
    except ValueError:
        return False
    return uuid.int != 0 and str(uuid) == str(value).lower()
