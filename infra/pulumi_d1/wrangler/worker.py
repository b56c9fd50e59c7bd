"""What a wrangler configuration tells about a project that is not managed yet. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler.document import Document
from pulumi_d1.wrangler.edit import is_id
from pulumi_d1.wrangler.syntax import syntax_of


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of `d1_databases`, as wrangler reads it.

    Attributes:
        environment: wrangler environment; empty for the top level.
        binding: variable in the Worker.
        database_name: empty where the entry has none.
        database_id: UUID; empty where the entry has none, or a placeholder.
        jurisdiction: empty where the entry has none.
        migrations_dir: as seen from the configuration's folder; empty where the entry has none.
        migrations_pattern: likewise.
        migrations_table: empty where the entry has none.
    """

    environment: str
    binding: str
    database_name: str = ""
    database_id: str = ""
    jurisdiction: str = ""
    migrations_dir: str = ""
    migrations_pattern: str = ""
    migrations_table: str = ""

    def __str__(self) -> str:
        table = f"env.{self.environment}.d1_databases" if self.environment else "d1_databases"
        return f"'{self.binding}' in '{table}'"


@dataclass(frozen=True, slots=True)
class Worker:
    """A Worker, as its configuration describes it.

    Attributes:
        name: of the Worker; empty where there is none.
        account_id: empty where there is none.
        environments: names of its wrangler environments.
        entries: its databases, the top level's first.
    """

    name: str = ""
    account_id: str = ""
    environments: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()


def read_worker(text: str, name: str) -> Worker:
    """The Worker that a configuration describes.

    Args:
        text: the file's text.
        name: the file's, which tells its language.

    Raises:
        ConfigError: the text is not valid, its `d1_databases` is no list of tables, or an entry has no binding.
    """
    document = Document.of(text, syntax_of(name))
    content = document.content
    document.entries(("env", "", "d1_databases"))  # refuses an `env` that is no table
    environments = tuple(content.get("env", {}))
    return Worker(
        name=_text(content, "name"),
        account_id=_text(content, "account_id"),
        environments=environments,
        entries=tuple(
            _entry(environment, item)
            for environment in ("", *environments)
            for item in document.entries(("env", environment, "d1_databases") if environment else ("d1_databases",))
        ),
    )


def _entry(environment: str, item: dict[str, Any]) -> Entry:
    texts = {key: _text(item, key) for key in Entry.__dataclass_fields__ if key != "environment"}
    entry = Entry(environment, **texts)
    if not entry.binding:
        raise ConfigError(f"an entry of {str(entry).partition(' in ')[2]} has no binding: wrangler refuses it too")
    return entry if is_id(entry.database_id) else Entry(environment, **{**texts, "database_id": ""})


def _text(table: dict[str, Any], key: str) -> str:
    value = table.get(key, "")
    return value if isinstance(value, str) else ""
