"""The tables in which other tools list what they applied, and the files that their rows stand for. Pure."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.errors import SqlError
from pulumi_d1.migrations import ledger
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.sqlite.schema import SchemaObject

_TOOLS: Final = {
    "__drizzle_migrations": "Drizzle",
    "__alchemy_migrations": "Alchemy",
    "_prisma_migrations": "Prisma",
    "_hub_migrations": "NuxtHub",
    "alembic_version": "Alembic",
}
"""The tool of each table. No file creates them, except for those that `alembic upgrade --sql` prints."""

_DIGITS_SHOWN: Final = 12
_HEX: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class _Format:
    """The columns of one tool's table.

    Attributes:
        tool: The tool's name, for a table with another name than the tool's default.
        columns: The columns that the table must have.
        name: The column with the name of a file, perhaps without `.sql`; `NULL` if there is none.
        digest: The column with the SHA-256 of a file; `NULL` if there is none.
        unfinished: The SQL condition of a row whose file has begun and not ended.
        counts: The SQL condition of a row that counts.
    """

    tool: str
    columns: frozenset[str]
    name: str = "NULL"
    digest: str = "NULL"
    unfinished: str = "0"
    counts: str = "1"


_FORMATS: Final = (
    _Format("Alembic", frozenset({"version_num"}), name="version_num"),
    _Format(
        "Prisma",
        frozenset({"migration_name", "checksum", "finished_at", "rolled_back_at"}),
        "migration_name",
        "checksum",
        "finished_at IS NULL",
        "rolled_back_at IS NULL",
    ),
    _Format("Drizzle", frozenset({"hash", "created_at", "name"}), "name", "hash"),
    _Format("Drizzle", frozenset({"hash", "created_at"}), digest="hash"),
    _Format("Alchemy", frozenset({"id", "name", "applied_at"}), "name"),
    _Format("Alchemy", frozenset({"id", "applied_at"}), "id"),
)
"""The first one that fits a table is its format. Old versions of Alchemy wrote the file's name as the id."""


@dataclass(frozen=True, slots=True)
class OtherLedger:
    """A table in which another tool lists what it applied.

    Attributes:
        tool: The tool's name.
        table: The table's name, as written.
    """

    tool: str
    table: str
    format: _Format

    @property
    def select(self) -> str:
        """Select the rows for `map_rows`, oldest first."""
        columns = f"{self.format.name} AS name, {self.format.digest} AS digest, {self.format.unfinished} AS unfinished"
        return f"SELECT {columns} FROM {quoted(self.table)} WHERE {self.format.counts} ORDER BY rowid"  # noqa: S608 - quoted

    @property
    def lists_heads(self) -> bool:
        """True if a row is the last of the applied files, and not each of them has one."""
        return self.format.tool == "Alembic"


@dataclass(frozen=True, slots=True)
class MappedRows:
    """The files that another tool has applied.

    Attributes:
        names: The names of the files.
        edited: Those of `names` whose text is no longer the one that the tool applied.
        problems: A line for each row that stands for no file, or for one that has not ended.
    """

    names: frozenset[str]
    edited: tuple[str, ...]
    problems: tuple[str, ...]


def tool_of(table: str) -> str:
    """Return the tool whose default this name is; empty if it is no tool's."""
    return _TOOLS.get(fold(table), "")


def kept_name(table: str) -> str:
    """Return the name under which a table is kept that has the name of wrangler's ledger."""
    return f"{table}_old"


def find_other_ledgers(objects: Iterable[SchemaObject], table: str) -> tuple[OtherLedger, ...]:
    """Return the tables of other tools in a live schema, apart from the one that `migrationsTable` names."""
    names = {*_TOOLS, fold(kept_name(table))} - {fold(table)}
    tables = [item for item in objects if fold(item.name) in names]
    return tuple(other for item in tables if (other := _recognize(item)))


def replaced_ledger(objects: Iterable[SchemaObject], table: str) -> OtherLedger | None:
    """Return the table that `migrationsTable` names as another tool's, if wrangler's ledger can take its place.

    A table with the default name of another tool keeps it.
    """
    names = {fold(table)} - set(_TOOLS)
    return next((other for item in objects if fold(item.name) in names and (other := _recognize(item))), None)


def _recognize(item: SchemaObject) -> OtherLedger | None:
    """Return a table as the ledger of the tool that writes such columns; None if no known tool does."""
    if item.type != "table" or item.is_virtual:
        return None
    with suppress(SqlError):  # what the local SQLite cannot create, none of these tools created
        columns = set(schema.column_names(schema.build([item]), item.name))
        fitting = next((format_ for format_ in _FORMATS if format_.columns <= columns), None)
        if fitting:
            return OtherLedger(_TOOLS.get(fold(item.name), fitting.tool), item.name, fitting)
    return None


def map_rows(other: OtherLedger, rows: Sequence[Mapping[str, Any]], files: Sequence[Migration]) -> MappedRows:
    """Return the files that the rows stand for: by name, and otherwise by digest.

    Args:
        rows: The answer to `other.select`.
        files: The folder, in order.
    """
    if other.lists_heads:
        return _up_to_heads(rows, files)
    digests = {file.name: _digests(file) for file in files}
    names: set[str] = set()
    edited: list[str] = []
    problems: list[str] = []
    for number, row in enumerate(rows, 1):
        digest = row["digest"]
        named = (guess for guess in _file_names(row["name"]) if guess in digests)
        same = (name for name in digests if digest in digests[name] and name not in names)
        if row["unfinished"]:
            problems.append(f"{_described(number, row)} has begun and not ended")
        elif name := next(named, "") or next(same, ""):
            names.add(name)
            if digest and digest not in digests[name]:
                edited.append(name)
        else:
            problems.append(f"{_described(number, row)} stands for no file")
    return MappedRows(frozenset(names), tuple(edited), tuple(problems))


def replacement(other: OtherLedger) -> str:
    """Return the SQL that keeps a table under another name and creates wrangler's ledger with the same names.

    Empty if the table has no names.
    """
    if other.format.name == "NULL" or other.lists_heads:
        return ""
    kept, table = quoted(kept_name(other.table)), quoted(other.table)
    insert = f"INSERT INTO {table} (name) SELECT {other.format.name} FROM {kept} ORDER BY rowid;"  # noqa: S608 - quoted
    created = ledger.create(other.table).replace("\t\t", "  ")  # printed, a tab would be escaped
    return f"{keep(other.table)}\n{created}\n{insert}"


def keep(table: str) -> str:
    """Rename a table that has the name of wrangler's ledger."""
    return f"ALTER TABLE {quoted(table)} RENAME TO {quoted(kept_name(table))};"


def _up_to_heads(rows: Sequence[Mapping[str, Any]], files: Sequence[Migration]) -> MappedRows:
    """Return the files up to the last one that ends at an Alembic revision."""
    count = 0
    problems: list[str] = []
    for number, row in enumerate(rows, 1):
        places = [place for place, file in enumerate(files, 1) if _ends_at(file, row["name"])]
        count = max((count, *places))
        if not places:
            problems.append(f"{_described(number, row)} stands for no file")
    return MappedRows(frozenset(file.name for file in files[:count]), (), tuple(problems))


def _ends_at(file: Migration, revision: Any) -> bool:
    """Return whether a file has an Alembic revision in its name, or the comment of `alembic upgrade --sql` in it."""
    if not isinstance(revision, str) or not revision:
        return False
    words = "".join(letter if letter.isalnum() else " " for letter in file.name).split()
    comments = (line.rstrip() for line in file.sql.splitlines() if line.startswith("-- Running upgrade "))
    return revision in words or any(line.endswith(f" -> {revision}") for line in comments)


def _file_names(name: Any) -> tuple[str, ...]:
    """Return the names that a file can have whose name another tool wrote: with `.sql`, or in a folder of its own."""
    if not isinstance(name, str):
        return ()
    path = name.replace(":", "/")  # NuxtHub writes the separator of its storage
    return name, f"{path}.sql", f"{name}/migration.sql", f"{path}.sqlite.sql"


def _digests(file: Migration) -> tuple[str, ...]:
    """Return the SHA-256 of a file, and with other line ends: Git may have changed them."""
    lines = file.sql.replace("\r\n", "\n")
    texts = (file.sql, lines, lines.replace("\n", "\r\n"))
    return tuple(hashlib.sha256(text.encode()).hexdigest() for text in texts)


def _described(number: int, row: Mapping[str, Any]) -> str:
    """Return a row by its number, and by its name and digest if these look like some."""
    name, digest = row["name"], row["digest"]
    shown = [ascii(name)] if isinstance(name, str) else []
    if isinstance(digest, str) and len(digest) == hashlib.sha256().digest_size * 2 and _HEX.issuperset(digest):
        shown.append(f"SHA-256 {digest[:_DIGITS_SHOWN]}...")
    return f"row {number} ({', '.join(shown)})" if shown else f"row {number}"
