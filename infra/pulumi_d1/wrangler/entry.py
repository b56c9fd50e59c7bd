"""One entry of `d1_databases`, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from pulumi_d1.system.template import render
from pulumi_d1.wrangler.quoting import dotted, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILTERS = {"quoted": quoted}


@dataclass(frozen=True, slots=True)
class Binding:
    """One entry of `d1_databases`.

    Attributes:
        worker: name of the Worker, for a configuration that does not exist yet.
        environment: wrangler environment; empty for the top level.
        binding: variable in the Worker.
        database_name: name of the database.
        database_id: UUID of the database.
        migrations_dir: folder of the migrations, as seen from the configuration's folder.
        migrations_table: name of the ledger.
        migrations_pattern: glob of the migrations, as seen from the configuration's folder; empty for wrangler's own.
    """

    worker: str
    environment: str
    binding: str
    database_name: str
    database_id: str
    migrations_dir: str
    migrations_table: str
    migrations_pattern: str = ""

    @property
    def path(self) -> tuple[str, ...]:
        """Keys on the way to the array of the entries."""
        return path_of(self.environment)

    @property
    def table(self) -> str:
        """Where the entry stands: `d1_databases` or `env.production.d1_databases`."""
        return dotted(self.path)

    @property
    def fields(self) -> dict[str, str]:
        """What is written, in its order. Wrangler's defaults of ledger and pattern are left out."""
        fields = {
            "binding": self.binding,
            "database_name": self.database_name,
            "database_id": self.database_id,
            "migrations_dir": self.migrations_dir,
        }
        if self.migrations_pattern:
            fields["migrations_pattern"] = self.migrations_pattern
        if self.migrations_table != "d1_migrations":
            fields["migrations_table"] = self.migrations_table
        return fields

    @property
    def block(self) -> str:
        """The entry as a block of TOML: its header and a line for each field."""
        return render("d1_database.toml.j2", _FILTERS, table=self.table, fields=self.fields)


def path_of(environment: str) -> tuple[str, ...]:
    """Keys on the way to the databases of a wrangler environment; empty for the top level."""
    return ("env", environment, "d1_databases") if environment else ("d1_databases",)


def binding_from(values: Mapping[str, Any]) -> Binding:
    """The entry that a state holds. A field that the state of an older version lacks has its default."""
    return Binding(**{name: values[name] for name in FIELDS if name in values})


def start(worker: str, name: str) -> str:
    """What a configuration says before it has an entry.

    Args:
        worker: name of the Worker.
        name: the file's, whose end is that of the template.
    """
    return render(f"wrangler{PurePath(name).suffix}.j2", _FILTERS, worker=worker)


FIELDS = tuple(Binding.__dataclass_fields__)
