"""The database's entry in wrangler.toml. Everything else in the file, comments and order included, stays."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import tomlkit
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array

from infra.errors import ConfigError

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
    """

    worker: str
    environment: str
    binding: str
    database_name: str
    database_id: str
    migrations_dir: str
    migrations_table: str

    @property
    def table(self) -> str:
        """Where the entry stands: `d1_databases` or `env.production.d1_databases`."""
        return f"env.{self.environment}.d1_databases" if self.environment else "d1_databases"


def put(text: str | None, entry: Binding) -> str:
    """The configuration with `entry` in it: added, or brought up to date where the binding is there already.

    Args:
        text: the file's text; None when there is no file.
        entry: what to put.

    Raises:
        ConfigError: the text is not TOML, or `d1_databases` is not a list.
    """
    if text is None:
        return _render("wrangler.toml.j2", entry)
    document = _parse(text)
    entries = _entries(document, entry)
    if entries is None:
        separator = "" if not text.strip() else "\n" if text.endswith("\n") else "\n\n"
        return text + separator + _render("d1_database.toml.j2", entry)
    wanted = tomlkit.parse(_fields(entry))
    found = _find(entries, entry)
    if found is None:
        entries.append(_table_like(entries, wanted.unwrap()))
    else:
        for key, value in wanted.unwrap().items():
            if entries[found].get(key) != value:
                entries[found][key] = value
    return tomlkit.dumps(document)


def remove(text: str, entry: Binding) -> str:
    """The configuration without `entry`; the text itself when the binding is not there or is another database's."""
    document = _parse(text)
    entries = _entries(document, entry)
    found = None if entries is None else _find(entries, entry)
    if entries is None or found is None or entries[found].get("database_id") != entry.database_id:
        return text
    del entries[found]
    if not entries:
        del _parent(document, entry)["d1_databases"]
    # Taken out as text where it stands as we put it in, white space around it included: then put and remove undo
    # each other to the byte.
    cut = text.replace("\n" + _render("d1_database.toml.j2", entry), "", 1)
    return cut if _is_same(cut, document) else tomlkit.dumps(document)


def _is_same(text: str, document: tomlkit.TOMLDocument) -> bool:
    """Whether `text` is TOML that says what `document` says, empty tables aside."""
    try:
        return bool(_pruned(tomllib.loads(text)) == _pruned(document.unwrap()))
    except tomllib.TOMLDecodeError:
        return False


def _pruned(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    pruned = {key: _pruned(item) for key, item in value.items()}
    return {key: item for key, item in pruned.items() if item not in ({}, [])}


def _fields(entry: Binding) -> str:
    return _render("d1_database.toml.j2", entry).partition("\n")[2]


def _render(template: str, entry: Binding) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,  # noqa: S701 - TOML, quoted by the filter below
    )
    environment.filters["toml"] = lambda value: tomlkit.string(value).as_string()
    return environment.get_template(template).render(asdict(entry), table=entry.table)


def _parse(text: str) -> tomlkit.TOMLDocument:
    try:
        tomllib.loads(text)  # its messages name line and column, and it accepts nothing that wrangler would not
        return tomlkit.parse(text)
    except (tomllib.TOMLDecodeError, TOMLKitError) as error:
        raise ConfigError(f"is not valid TOML: {error}") from None


def _parent(document: tomlkit.TOMLDocument, entry: Binding) -> Any:
    """The table that holds `d1_databases`; an empty one when it is not there."""
    return document.get("env", {}).get(entry.environment, {}) if entry.environment else document


def _entries(document: tomlkit.TOMLDocument, entry: Binding) -> AoT | Array | None:
    entries = _parent(document, entry).get("d1_databases")
    if entries is not None and not isinstance(entries, (AoT, Array)):
        raise ConfigError(f"'{entry.table}' is not a list of databases")
    return entries


def _find(entries: AoT | Array, entry: Binding) -> int | None:
    bindings = [cast("dict[str, Any]", item).get("binding") for item in entries]
    return bindings.index(entry.binding) if entry.binding in bindings else None


def _table_like(entries: AoT | Array, fields: dict[str, Any]) -> Any:
    table = tomlkit.table() if isinstance(entries, AoT) else tomlkit.inline_table()
    table.update(fields)
    if isinstance(entries, AoT):
        table.add(tomlkit.nl())
    return table
