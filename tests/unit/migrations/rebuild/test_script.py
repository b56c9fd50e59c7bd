"""The rebuilds in a file are found in each style, and the copies read from the rows that were set aside."""

from __future__ import annotations

import pytest

from pulumi_d1.migrations.rebuild.script import Role, read_script

STYLES = {
    "drizzle": "PRAGMA foreign_keys=OFF; CREATE TABLE `__new_t` (id); INSERT INTO `__new_t` SELECT id FROM `t`;"
    "DROP TABLE `t`; ALTER TABLE `__new_t` RENAME TO `t`; PRAGMA foreign_keys=ON;",
    "renamed first": "ALTER TABLE t RENAME TO o; CREATE TABLE t (id); INSERT INTO t SELECT id FROM o; DROP TABLE o;",
}


@pytest.mark.parametrize("style", STYLES)
def test_a_rebuild_is_a_create_and_a_copy_from_the_rows_that_were_set_aside(style: str) -> None:
    script = read_script(STYLES[style], {"t": "keep_t"}, {"t": "T"})
    assert script.rebuilt == ("t",)
    create, copy = script.parts
    assert (create.role, copy.role) == (Role.CREATE, Role.COPY)
    assert create.sql in {'CREATE TABLE "T" (id);', "CREATE TABLE t (id);"}
    assert ' FROM "keep_t" AS ' in copy.sql
    assert "__new" not in copy.sql


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("SELECT t.id FROM t WHERE t.id > 1", 'SELECT t.id FROM "keep_t" AS t WHERE t.id > 1'),
        ("SELECT x.id FROM t x", 'SELECT x.id FROM "keep_t" x'),
        ("SELECT x.id FROM main.t AS x", 'SELECT x.id FROM "keep_t" AS x'),
        ("SELECT t, other.t FROM other, t", 'SELECT t, other.t FROM other, "keep_t" AS t'),
        (
            "SELECT 1 FROM other WHERE a IN (SELECT b FROM t)",
            'SELECT 1 FROM other WHERE a IN (SELECT b FROM "keep_t" AS t)',
        ),
        ("SELECT 't', \"t\" FROM other LEFT JOIN t ON 1", 'SELECT \'t\', "t" FROM other LEFT JOIN "keep_t" AS t ON 1'),
    ],
)
def test_only_tables_get_another_name(select: str, expected: str) -> None:
    sql = f"CREATE TABLE n (id); INSERT INTO n {select}; DROP TABLE t; ALTER TABLE n RENAME TO t;"
    script = read_script(sql, {"t": "keep_t", "other": "keep_other"}, {"t": "t", "other": "other"})
    assert script.parts[1].sql == f'INSERT INTO "t" {expected};'


def test_other_statements_stay_before_and_after() -> None:
    sql = (
        "UPDATE t SET id = 1; PRAGMA foreign_keys = OFF; CREATE TABLE n (id REFERENCES n (id));"
        "CREATE INDEX i ON n (id); CREATE TABLE b AS SELECT * FROM t; INSERT INTO n SELECT id FROM b; DROP TABLE t;"
        "ALTER TABLE n RENAME TO t; DROP TABLE b; DROP TRIGGER x; UPDATE t SET id = 2;"
    )
    script = read_script(sql, {"t": "keep_t"}, {"t": "t"})
    assert [(part.role, part.sql) for part in script.parts] == [
        (Role.BEFORE, "UPDATE t SET id = 1;"),
        (Role.CREATE, 'CREATE TABLE "t" (id REFERENCES "t" (id));'),
        (Role.INDEX, 'CREATE INDEX i ON "t" (id);'),
        (Role.SOURCE, 'CREATE TABLE b AS SELECT * FROM "keep_t" AS t;'),
        (Role.COPY, 'INSERT INTO "t" SELECT id FROM b;'),
        (Role.AFTER, "DROP TABLE b;"),
        (Role.AFTER, "DROP TRIGGER x;"),
        (Role.AFTER, "UPDATE t SET id = 2;"),
    ]
    assert ("trigger", "x") in script.dropped_objects


def test_a_table_that_is_dropped_for_good_is_no_rebuild() -> None:
    assert read_script("DROP TABLE t; CREATE TABLE u (a);", {"t": "keep_t"}, {"t": "t"}).rebuilt == ()


def test_comments_stay_with_their_statements() -> None:
    sql = (
        "-- Migration number: 0002\n-- about the update; d1:allow D105 all\nUPDATE t SET id = 1; -- behind\n"
        "CREATE TABLE n (id);--> statement-breakpoint\n-- copied\nINSERT INTO n SELECT id FROM t;\n"
        "-- d1:allow D101 gone with the statement\nDROP TABLE t;\nALTER TABLE n RENAME TO t; /* end */\nSELECT 1;"
    )
    script = read_script(sql, {"t": "keep_t"}, {"t": "t"})
    assert script.head == ("-- Migration number: 0002",)
    assert [part.sql for part in script.parts] == [
        "-- about the update; d1:allow D105 all\n-- behind\nUPDATE t SET id = 1;",
        'CREATE TABLE "t" (id);',
        '-- copied\nINSERT INTO "t" SELECT id FROM "keep_t" AS t;',
        "SELECT 1;",
    ]


@pytest.mark.parametrize("mark", ["-- d1:contract no code uses it\n{}", "{}\n-- d1:contract no code uses it"])
def test_a_contract_file_remains_one_without_the_statement_that_has_the_mark(mark: str) -> None:
    script = read_script(mark.format(STYLES["drizzle"]), {"t": "keep_t"}, {"t": "T"})
    assert script.head == ("-- d1:contract no code uses it",)
    assert not any("contract" in part.sql for part in script.parts)
