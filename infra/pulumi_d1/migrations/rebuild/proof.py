"""Prove a safe file on rows: it leaves what the dangerous one means to leave. Runs in the rehearsal's process."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import apsw

from pulumi_d1.errors import ConfigError, SqlError
from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.rebuild.definition import change_definition
from pulumi_d1.migrations.rebuild.safe_script import SafeScript, write_safe_script
from pulumi_d1.migrations.rehearsal.rehearse import insert_rows, rehearse
from pulumi_d1.migrations.rehearsal.rows.made import fill_tables
from pulumi_d1.migrations.rehearsal.rows.options import Basis, BasisKind
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.difference import ChangeKind, difference
from pulumi_d1.sqlite.execute import run_by_statement, run_script
from pulumi_d1.sqlite.fates import next_ids
from pulumi_d1.sqlite.messages import hide_values
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.sandbox import open_database, trusted
from pulumi_d1.sqlite.statements import creates_trigger, normalize_newlines, quoted, split
from pulumi_d1.sqlite.storage import storages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pulumi_d1.migrations.rebuild.definition import Wish
    from pulumi_d1.migrations.rehearsal.rehearse import Rehearsal
    from pulumi_d1.sqlite.schema import Column, Schema, SchemaObject

_VIOLATIONS: Final = "SELECT 1 FROM pragma_foreign_key_check(?)"


@dataclass(frozen=True, slots=True)
class RebuildTask:
    """A dangerous file or a wish, and the schema that it is proved on.

    Attributes:
        objects: The live schema, including the ledger.
        earlier: The pending files before the dangerous one.
        name: Name of the file; that of the new one for a wish.
        sql: Text of the dangerous file; empty for a wish.
        wish: The wish; None for a file.
        first_line: The comment that the safe file starts with.
    """

    objects: Sequence[SchemaObject]
    earlier: Sequence[Migration]
    table: str
    name: str
    sql: str = ""
    wish: Wish | None = None
    first_line: str = ""


@dataclass(frozen=True, slots=True)
class RebuildProof:
    """A safe file, and what its run showed.

    Attributes:
        rows: Number of rows of each table that was dropped and created, as written.
        problems: Why it is not safe, in sentences; empty if it is.
        rehearsal: The rehearsal of the safe files after the earlier ones; None if there are problems.
    """

    script: SafeScript
    rows: dict[str, int]
    problems: tuple[str, ...]
    rehearsal: Rehearsal | None = None


def prove_rebuild(
    task: RebuildTask, kind: BasisKind, rows: Iterable[str], watch: Callable[[int, int], None] = lambda _n, _o: None
) -> RebuildProof:
    """Write the safe file, run both files on the same rows, and compare every table.

    Raises:
        SqlError: The file rebuilds nothing, the wish does not fit the table, or a file before it fails.
    """
    try:
        return _prove(task, kind, rows, watch)
    except ConfigError as error:  # only this kind of error leaves the process with its message
        raise SqlError(str(error)) from error


def _prove(task: RebuildTask, kind: BasisKind, rows: Iterable[str], watch: Callable[[int, int], None]) -> RebuildProof:
    watch(0, 0)
    statements = list(rows)
    start = schema.build(task.objects)
    with trusted(start):
        start.execute(ledger.create(task.table), can_cache=False)
    insert_rows(start, statements)
    for file in task.earlier:
        _run(start, file.sql, f"{file.name}, which is pending before it, fails")
    if kind is BasisKind.MADE:
        fill_tables(start, schema.table_names(start) - {fold(task.table)})
    before = schema.read(start).without(task.table)
    dangerous = _dangerous_sql(task, before)
    script = write_safe_script(dangerous, before)
    script = replace(script, sql=f"{task.first_line}{script.sql}")
    safe = _copy(start)
    try:
        meant = _run_as_meant(start, dangerous)
    except SqlError as error:
        hint = ". Give its NULLs a value: --fill COLUMN=SQL" if task.wish and "NOT NULL" in str(error) else ""
        return RebuildProof(script, {}, (f"{error}{hint}",))
    orphans = _violations(start)
    names = [*script.rebuilt, *script.aside]
    if found := [
        f"{count} rows of {name} reference a row that is gone" for name, count in orphans.items() if name in names
    ]:
        return RebuildProof(
            script, {}, (f"{'; '.join(found)}: D1 does not accept them again. Fix or delete them first",)
        )
    try:
        for sql in filter(None, (script.sql, script.triggers)):
            _run(safe, sql, "D1 would refuse the safe file", by_statement=any(map(creates_trigger, split(sql))))
    except SqlError as error:
        return RebuildProof(script, {}, (str(error),))
    counted = {name: int(safe.execute(f"SELECT count(*) FROM {quoted(name)}", can_cache=False).get) for name in names}
    problems = tuple(_differences(start, meant, safe, script, task.table))
    if problems:
        return RebuildProof(script, counted, problems)
    files = [
        Migration(task.name, script.sql),
        *([Migration(f"{task.name} (triggers)", script.triggers)] if script.triggers else []),
    ]
    return RebuildProof(
        script, counted, (), rehearse(task.objects, [*task.earlier, *files], task.table, Basis(kind), rows=statements)
    )


def _dangerous_sql(task: RebuildTask, before: Schema) -> str:
    """Return the dangerous file, or one that does what the wish means."""
    if task.wish is None:
        return task.sql
    wish = task.wish
    item = before.objects.get(("table", fold(wish.table)))
    if item is None or item.is_virtual:
        raise ConfigError(f"there is no table {wish.table}: the tables are {', '.join(before.tables) or 'none'}")
    old = before.columns[fold(item.name)]
    create = wish.create or change_definition(item.sql, wish)
    stored = {fold(c.name) for c in old}
    copied = [c for c in _new_columns(create, item.name) if not c.generated and fold(c.name) in stored]
    if not copied:
        raise ConfigError(f"the new definition of {item.name} has no column of the present one: keep one at least")
    fill = {fold(name): sql for name, sql in wish.fill.items()}
    if unknown := sorted(set(fill) - {fold(c.name) for c in copied}):
        raise ConfigError(f"--fill names {', '.join(unknown)}, but the rebuild copies no such column")
    values = [
        f"ifnull({quoted(c.name)}, {fill[fold(c.name)]})" if fold(c.name) in fill else quoted(c.name) for c in copied
    ]
    listed = ", ".join(quoted(c.name) for c in copied)
    name, passing = quoted(item.name), quoted(f"old_{item.name}")
    copy = f"INSERT INTO {name} ({listed}) SELECT {', '.join(values)} FROM {passing};"
    if [statement.text for statement in split(copy)] != [copy]:
        raise ConfigError(f"--fill takes an SQL expression, without a comment, and nothing else: {', '.join(fill)}")
    [statement] = split(create)
    return (
        f"ALTER TABLE {name} RENAME TO {passing};\n{statement.text.removesuffix(';')};\n{copy}\nDROP TABLE {passing};\n"
    )


def _new_columns(create: str, table: str) -> tuple[Column, ...]:
    """Return the columns of a new definition.

    Raises:
        ConfigError: It is not one CREATE TABLE of this name.
    """
    connection = open_database(":memory:")
    try:
        statements = run_script(connection, create)
    except SqlError as error:
        raise ConfigError(f"the new definition of {table} is invalid: {error}") from error
    new = schema.read(connection)
    item = new.objects.get(("table", fold(table)))
    if item is None or item.is_virtual or len(statements) > 1:
        raise ConfigError(f"the new definition of {table} is not one CREATE TABLE {table} (...): leave all else out")
    return new.columns[fold(table)]


def _copy(source: apsw.Connection) -> apsw.Connection:
    connection = open_database("")
    with connection.backup("main", source, "main") as backup:
        backup.step(-1)
    return connection


def _run(connection: apsw.Connection, sql: str, failure: str, *, by_statement: bool = False) -> None:
    """Run a file as one transaction, or by statement: it is not known whether an import is a transaction."""
    script = normalize_newlines(sql)
    try:
        if by_statement:
            for _ in run_by_statement(connection, script):
                pass
        else:
            run_script(connection, script)
    except SqlError as error:
        texts = [item.sql for item in schema.read(connection).objects.values()]
        raise SqlError(f"{failure}: {hide_values(str(error), (script, *texts))}") from error


def _run_as_meant(start: apsw.Connection, sql: str) -> apsw.Connection:
    """Return the database that a dangerous file means to leave: without foreign keys, and with names as written.

    Raises:
        SqlError: The file fails even so.
    """
    # The old ALTER TABLE leaves the names in other tables and in views alone, as rebuilds need it. A file that relies
    # on the new one leaves references to the passing name behind.
    try:
        connection = _run_without_keys(start, sql, legacy=True)
    except SqlError:
        return _run_without_keys(start, sql, legacy=False)
    missing = _parents(connection) - schema.table_names(connection)
    if missing <= _parents(start) - schema.table_names(start):
        return connection
    return _run_without_keys(start, sql, legacy=False)


def _run_without_keys(start: apsw.Connection, sql: str, *, legacy: bool) -> apsw.Connection:
    connection = _copy(start)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, 0)
    connection.config(apsw.SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, int(legacy))
    _run(connection, sql, "the rebuild fails even without foreign keys")
    return connection


def _parents(connection: apsw.Connection) -> set[str]:
    return {fold(key.parent) for key in schema.foreign_keys(connection, {})}


def _violations(connection: apsw.Connection) -> Counter[str]:
    """Count the rows of each table, as written, that reference a missing row."""
    counted: Counter[str] = Counter()
    with trusted(connection):
        for name in schema.read(connection).tables:
            try:
                counted[name] += len(connection.execute(_VIOLATIONS, (name,), can_cache=False).fetchall())
            except apsw.SQLError:
                continue  # the foreign key itself is broken, so no row can be checked
    return +counted


def _differences(
    start: apsw.Connection, meant: apsw.Connection, safe: apsw.Connection, script: SafeScript, table: str
) -> Iterator[str]:
    """Yield a sentence for each difference between the database that was meant and the one after the safe file."""
    expected, actual = (schema.read(connection).without(table) for connection in (meant, safe))
    recreated = {(type_, fold(name)) for type_, name in script.recreated}
    for change in difference(expected, actual):
        if change.kind is not ChangeKind.ADDED or (change.type, fold(change.name)) not in recreated:
            yield f"the safe file leaves another schema: {change.type} {change.name} is {change.kind}"
    rebuilt = set(map(fold, script.rebuilt))
    for storage in storages(actual.objects.values()):
        name = fold(storage.table)
        if storage.module or name not in expected.columns:
            continue
        columns = [quoted(column.name) for column in actual.columns[name]]
        if name not in rebuilt and storage.rowid:
            columns.append(storage.rowid)
        sql = f"SELECT {', '.join(columns)} FROM {quoted(storage.table)}"
        if rows := sum((_values(meant, sql) - _values(safe, sql)).values()):
            yield f"{rows} rows of {storage.table} differ from what the file means to leave"
    ids, now = next_ids(start), next_ids(safe)
    yield from (
        f"{name} would give ids again from {now[name]}, and its next id was {ids[name]}"
        for name in ids
        if name in now and now[name] < ids[name] and name in actual.columns
    )
    violations = _violations(safe) - _violations(start)
    yield from (f"{count} rows of {name} would reference a row that is gone" for name, count in violations.items())


def _values(connection: apsw.Connection, sql: str) -> Counter[tuple[Any, ...]]:
    """Return rows with the types of their values: 1, 1.0 and '1' are three values."""
    with trusted(connection):
        return Counter(tuple((type(value), value) for value in row) for row in connection.execute(sql, can_cache=False))
