"""Advice about statements that D1 refuses. Pure."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from pulumi_d1.sqlite.alter_table import AlterKind, parse_alter_table
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import quoted, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi_d1.migrations.rehearsal.rehearse import Refusal, Rehearsal, RehearsedFile
    from pulumi_d1.sqlite.observation import Step

_REBUILD: Final = (
    "Remove it, and rebuild the table: write its new CREATE TABLE into FILE, and run 'd1 rebuild --table NAME --create "
    "FILE', which writes a file that loses nothing."
)
_TIME: Final = "SQLite has no such function. Write CURRENT_TIMESTAMP, or datetime('now')."

# The words of a statement, one blank between them, and what D1 has instead.
_UNKNOWN: Final = (
    (r"alter table .* (alter|modify|change) ", f"SQLite cannot change a column in place. {_REBUILD}"),
    (r"alter table .* add constraint ", f"SQLite adds no constraint to a table. {_REBUILD}"),
    (r"alter table .* add (primary|foreign|unique|check) ", f"SQLite adds no constraint to a table. {_REBUILD}"),
    (r"alter table .* drop (constraint|primary|foreign) ", f"SQLite drops no constraint of a table. {_REBUILD}"),
    (
        r"alter table .* add (column )?if not exists ",
        "SQLite has no IF NOT EXISTS here. Remove it: each file runs once.",
    ),
    (r"alter table .* drop column if exists ", "SQLite has no IF EXISTS here. Remove it: each file runs once."),
    (r"alter table .* add .*, ?add ", "Add one column in each ALTER TABLE."),
    (r"alter (index|view|type|sequence|database) ", "SQLite alters only tables. DROP the object and create it again."),
    (r"rename table ", "Write ALTER TABLE users RENAME TO people."),
    (r"truncate ", "Write DELETE FROM, without WHERE."),
    (r"create or replace ", "SQLite has no OR REPLACE here. DROP ... IF EXISTS first."),
    (r"create (type|domain) ", "SQLite has no types of its own. Use TEXT with a CHECK (role IN ('admin', 'guest'))."),
    (r"create (extension|schema|database|sequence|function|procedure|user|role) ", "D1 has no such object. Remove it."),
    (r"create (temp|temporary) ", "D1 has no temporary tables. CREATE TABLE, and DROP it at the end of the file."),
    (r"(attach|detach) ", "A D1 database reads no other one. Copy the rows with the Worker, or with d1 copy."),
    (r"vacuum ", "Remove it. D1 decides itself how it stores data."),
    (r"create materialized ", "SQLite has no materialized views. Create a table, and fill it."),
    (
        r"(comment on|grant|revoke|use|set|lock|delimiter|show|describe|copy|do|call|merge) ",
        "D1 has no such statement.",
    ),
    (r".* auto_increment\b", "Write INTEGER PRIMARY KEY AUTOINCREMENT."),
    (r".* (serial|bigserial|identity)\b", "Write INTEGER PRIMARY KEY: SQLite gives ids to it."),
    (r".* (engine|charset|collate) = ", "Remove the options after the closing parenthesis: they are MySQL's."),
    (r".* (on update current_timestamp)\b", "Write an AFTER UPDATE trigger that sets the column."),
    (r".* enum ?\(", "Use TEXT with a CHECK (role IN ('admin', 'guest'))."),
    (r".* unsigned\b", "Remove UNSIGNED, or write CHECK (amount >= 0)."),
    (r".* on duplicate key ", "Write ON CONFLICT (id) DO UPDATE SET name = excluded.name."),
    (r".* : : ", "Write CAST(value AS TEXT) instead of value::text."),
    (r".* for update\b", "Remove FOR UPDATE: a migration is one transaction."),
)
_FUNCTIONS: Final = {
    **dict.fromkeys(("now", "getdate", "sysdate", "curdate", "curtime", "utc_timestamp"), _TIME),
    **dict.fromkeys(
        ("uuid", "gen_random_uuid", "newid", "uuid_generate_v4"),
        "SQLite has no such function. Write lower(hex(randomblob(16))).",
    ),
    "if": "Write iif(condition, a, b), or CASE.",
    "concat_ws": "Write a || ' ' || b.",
    "left": "Write substr(text, 1, length).",
    "right": "Write substr(text, -length).",
    "rand": "Write random().",
    "md5": "SQLite has no hashes. Compute them in the Worker.",
    "regexp": "SQLite has no regular expressions here. Write LIKE or GLOB.",
    "string_to_array": "SQLite has no arrays. Use JSON: json_array(), json_each().",
    "array_agg": "Write json_group_array(value).",
    "json_agg": "Write json_group_array(value).",
    "jsonb_build_object": "Write json_object('key', value).",
    "date_trunc": "Write strftime('%Y-%m', time).",
    "to_char": "Write strftime('%Y-%m-%d', time).",
    "unix_timestamp": "Write unixepoch().",
    "date_format": "Write strftime('%Y-%m-%d', time).",
}
_STARTS: Final = frozenset("alter create delete drop insert pragma replace select update with".split())  # noqa: SIM905
_NO_TABLE: Final = re.compile(r"no such table: (?:main\.)?(.+?)(?: at offset \d+)?: SQLITE_ERROR")
_NO_COLUMN: Final = re.compile(r"no such column: (?:\w+\.)?\"?(.+?)\"?(?: at offset \d+)?: SQLITE_ERROR")
_NOT_A_COLUMN: Final = re.compile(r"table (.+) has no column named (.+?)(?: at offset \d+)?: SQLITE_ERROR")
_NO_FUNCTION: Final = re.compile(r"no such function: (\w+)(?: at offset \d+)?: SQLITE_ERROR")
_NEAR: Final = re.compile(r'near "(.+?)": syntax error')
_NOT_ALLOWED: Final = ("not authorized", "cannot VACUUM")
"""The errors for statements that D1 refuses, and that the local SQLite knows: ALTER COLUMN and DROP CONSTRAINT too."""

# Errors, and what to do about the rows that caused them: those that the statement copies or indexes.
_OF_ROWS: Final = {
    "LIKE or GLOB pattern too complex.*": (
        "D1 allows LIKE and GLOB patterns of up to 50 bytes. Use instr(text, 'part') > 0."
    ),
    "malformed JSON.*": (
        "A text is not JSON. To find the rows: SELECT * FROM ... WHERE NOT json_valid(column); Repair them before this "
        "statement, or write CASE WHEN json_valid(column) THEN ... END."
    ),
    r"error in (?P<type>index|trigger|view) (?P<name>.+) after .*": (
        "The {type} {name} uses it. Before this statement, DROP the {type}. Then create it again without the old name."
    ),
    "cannot drop (UNIQUE|PRIMARY KEY) column.*|error in table .* after drop column.*": _REBUILD,
    "FOREIGN KEY constraint failed": (
        "Insert the missing rows first. Or leave these rows out, or set their column to NULL, before this statement."
    ),
    r"UNIQUE constraint failed: (?!index ')(?P<columns>.+)": (
        "Rows have the same values. To find them: SELECT {columns}, count(*) FROM {table} GROUP BY {columns} HAVING "
        "count(*) > 1; Change or delete all but one before this statement."
    ),
    r"NOT NULL constraint failed: (?P<columns>.+)": (
        "Fill the column before this statement: UPDATE {table} SET {columns} = ... WHERE {columns} IS NULL;"
    ),
    r"CHECK constraint failed: (?P<check>.*\W.*)": (
        "To find the rows: SELECT * FROM {table} WHERE NOT ({check}); Repair them before this statement."
    ),
    r"cannot store (?P<type>\w+) value in (?P<to>\w+) column (?P<columns>.+)": (
        "The table is STRICT. To find the rows: SELECT * FROM {table} WHERE typeof({columns}) = lower('{type}'); "
        "Repair them before this statement, or write CAST({columns} AS {to})."
    ),
}
_ALREADY_THERE: Final = "The row is already there. If that is right, end the INSERT with ON CONFLICT DO NOTHING."


def advise(rehearsal: Rehearsal, refusal: Refusal) -> str:
    """Return advice for a refused statement; empty if the rule's own advice is all there is."""
    file, error = rehearsal.files[-1], refusal.message
    if not file.steps:
        return ""
    step = file.steps[-1 if refusal.step is None else refusal.step]
    sql, advice = step.statement.text, ""
    if match := _NO_TABLE.match(error):
        advice = _did_you_mean("table", match[1], _tables(rehearsal, file))
    elif match := _NO_FUNCTION.match(error):
        advice = _FUNCTIONS.get(match[1].lower(), "")
    elif match := _NOT_A_COLUMN.match(error):
        advice = _did_you_mean("column", match[2], _columns(rehearsal, [match[1]]))
    elif match := _NO_COLUMN.match(error):
        tables = set(tokens(sql)) & rehearsal.after.columns.keys()
        advice = _did_you_mean("column", match[1], _columns(rehearsal, tables))
    elif match := _NEAR.match(error):
        advice = _about_syntax(sql, match[1])
    elif error.startswith(_NOT_ALLOWED):
        advice = _about_syntax(sql, "")
    else:
        advice = _about_rows(error.partition(": SQLITE_")[0], step, file, rehearsal.empty_tables)
    return advice


def _about_rows(error: str, step: Step, file: RehearsedFile, empty_tables: frozenset[str]) -> str:
    """Return how to find and repair the rows that caused an error; empty for other errors."""
    source = _source(step)
    for pattern, advice in _OF_ROWS.items():
        if match := re.fullmatch(pattern, error):
            groups = match.groupdict()
            names = [name.rpartition(".")[2] for name in groups.pop("columns", "").split(", ") if name]
            columns = set(map(fold, names)) or set(tokens(groups.get("check", ""))) & {name for _, name in step.reads}
            is_found = source and columns and all(_is_copied(source, name, step) for name in columns)
            if error.startswith("UNIQUE"):
                is_found = is_found and _has_only_rows_of_source(step, file, empty_tables)
            if "{table}" not in advice or is_found:
                return advice.format(columns=", ".join(map(quoted, names)), table=quoted(source), **groups)
            return _ALREADY_THERE if error.startswith("UNIQUE") and not step.reads else ""
    return ""


def _source(step: Step) -> str:
    """Return the only table whose rows an INSERT copies or an index covers, folded; empty if there is none."""
    action = step.actions[0] if step.actions else None
    named = {*tokens(step.statement.text)}  # others are read to check foreign keys
    read = {table for table, _ in step.reads if table in named}
    return read.pop() if action and action.verb in {"INSERT", "CREATE_INDEX"} and len(read) == 1 else ""


def _is_copied(source: str, column: str, step: Step) -> bool:
    """Return whether an INSERT selects a column as it is, or an index covers it."""
    if (source, column) not in step.reads:
        return False
    _, _, selected = f"{' '.join(tokens(step.statement.text))} ".partition(" select ")
    bare = rf"(^|, |\. |distinct ){re.escape(column)} (,|from |as )"
    return not selected or bool(re.search(rf"^\*|\. \*|{bare}", selected))


def _has_only_rows_of_source(step: Step, file: RehearsedFile, empty_tables: frozenset[str]) -> bool:
    """Return whether equal values are in the source: not in the table before, nor equal only under a collation."""
    new = {fold(name) for other in file.steps for name in other.names("CREATE_TABLE")} | empty_tables
    collates = any("collate" in tokens(other.statement.text) for other in file.steps)
    return not collates and (step.actions[0].verb == "CREATE_INDEX" or fold(step.actions[0].name) in new)


def _about_syntax(sql: str, word: str) -> str:
    words = f"{' '.join(tokens(sql))} "
    for pattern, advice in _UNKNOWN:
        if re.match(pattern, words):
            return advice
    if word.lower() in _STARTS and re.search(rf"\n\s*{word}\b", sql):
        return f"A semicolon is missing before {word}."
    return ""


def _did_you_mean(kind: str, name: str, known: Iterable[str]) -> str:
    folded = fold(name)
    names = {fold(item): item for item in known if fold(item) != folded}
    likely = [folded + "s", folded.removesuffix("s"), folded.replace("-", "_")]
    close = [item for item in likely if item in names] or get_close_matches(folded, names, n=1)
    return f"There is no {kind} {name}: did you mean {names[close[0]]}?" if close else ""


def _tables(rehearsal: Rehearsal, file: RehearsedFile) -> set[str]:
    """Return the tables and views at the refused statement."""
    names = {item.name for item in rehearsal.after.objects.values() if item.type in {"table", "view"}}
    for step in file.steps:
        change = parse_alter_table(step.statement.text) if step.changed_schema else None
        if step.changed_schema and step.actions[0].verb in {"CREATE_TABLE", "CREATE_VIEW", "CREATE_VTABLE"}:
            names.add(step.actions[0].name)
        elif step.changed_schema and step.actions[0].verb in {"DROP_TABLE", "DROP_VIEW", "DROP_VTABLE"}:
            names.discard(step.actions[0].name)
        elif change and change.kind is AlterKind.RENAME_TABLE:
            names.add(change.new)
    return names


def _columns(rehearsal: Rehearsal, tables: Iterable[str]) -> set[str]:
    """Return the columns of tables, before the refused file."""
    return {column.name for table in tables for column in rehearsal.after.columns.get(fold(table), ())}
