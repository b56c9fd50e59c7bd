"""One entry of `d1_databases`, and how it is written."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from infra.render.toml_write import dotted, quoted

TEMPLATES = Path(__file__).parents[2] / "templates"


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
        return ("env", self.environment, "d1_databases") if self.environment else ("d1_databases",)

    @property
    def table(self) -> str:
        """Where the entry stands: `d1_databases` or `env.production.d1_databases`."""
        return dotted(self.path)

    @property
    def block(self) -> str:
        """The entry as a block: its header and a line for each field."""
        return _render("d1_database.toml.j2", self)

    @property
    def configuration(self) -> str:
        """A configuration that has only this entry."""
        return _render("wrangler.toml.j2", self)

    @property
    def fields(self) -> dict[str, str]:
        """The fields of the block."""
        return tomllib.loads(self.block.partition("\n")[2])


def _render(template: str, entry: Binding) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,  # noqa: S701 - TOML, quoted by the filter below
    )
    environment.filters["toml"] = quoted
    return environment.get_template(template).render(asdict(entry), table=entry.table)
