"""Generated rows satisfy any schema that D1 accepts, and differ as much as the schema allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_d1.errors import SqlError
from pulumi_d1.migrations.rehearsal.rows.made import fill_tables
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import open_database, trusted
from pulumi_d1.sqlite.statements import quoted
from tests.support.copying_cases import CASES

if TYPE_CHECKING:
    from pulumi_d1.sqlite.execute import SQLValue

SWITCHES = (apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, apsw.SQLITE_DBCONFIG_ENABLE_FKEY)
USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
CHECKS = {
    # A condition on the column x, and whether the rows must have different values.
    "x IN ('a', 'B', 'it''s')": True,
    'x IN ("a", "b", "c")': True,
    "x IN (0, 1)": False,
    "x BETWEEN 18 AND 120": True,
    "x > 0.5 AND x < 0.9": True,
    "x >= -90 AND x <= -80": True,
    "x % 7 = 0": True,
    "length(x) = 36": True,
    "length(x) > 10 AND length(x) < 13": True,
    "length(x) <= 1 AND x <> ''": True,
    "typeof(x) = 'blob' AND length(x) = 16": True,
    "typeof(x) = 'real'": True,
    "typeof(x) = 'integer' AND x < 0": True,
    "x LIKE '%_@_%._%'": True,
    "x LIKE 'sk_%' AND length(x) = 20": True,
    "x GLOB '[0-9][0-9][0-9]-[A-F]*'": True,
    "x NOT GLOB '*[^0-9]*'": True,
    "x NOT GLOB '*[^a-z-]*' AND x <> ''": True,
    "length(x) = 3 AND x NOT GLOB '*[^A-Z]*'": True,
    "x = lower(x) AND x = trim(x)": True,
    "json_valid(x)": True,
    "json_type(x) = 'array' AND json_array_length(x) > 0": True,
    "json_extract(x, '$.kind') IN ('a', 'b')": True,
    "x ->> '$.size' > 10": True,
    "date(x) IS x": True,
    "x IS strftime('%Y-%m-%d %H:%M:%S', x)": True,
    "time(x) = x": True,
    "x = 7": False,
    "x IS NULL": False,
}
PAIRS = (
    "a < b",
    "a > b",
    "a <> b",
    "a = b",
    "a + b = 100",
    "b = a * 2",
    "(a IS NULL) <> (b IS NULL)",
    "(a = 'card' AND b LIKE '4%') OR (a = 'iban' AND b LIKE 'DE%')",
    "date(a) IS a AND date(b) IS b AND a < b",
    "coalesce(a, b) IS NOT NULL",
)
DRIZZLE = """
    CREATE TABLE `user` (`id` text PRIMARY KEY NOT NULL, `name` text NOT NULL, `email` text NOT NULL,
      `email_verified` integer DEFAULT false NOT NULL, `image` text,
      `created_at` integer DEFAULT (cast(unixepoch('subsecond') * 1000 as integer)) NOT NULL);
    CREATE UNIQUE INDEX `user_email_unique` ON `user` (`email`);
    CREATE TABLE `session` (`id` text PRIMARY KEY NOT NULL, `expires_at` integer NOT NULL, `token` text NOT NULL,
      `user_id` text NOT NULL, FOREIGN KEY (`user_id`) REFERENCES `user`(`id`) ON UPDATE no action ON DELETE cascade);
    CREATE UNIQUE INDEX `session_token_unique` ON `session` (`token`);
    CREATE TABLE `comments` (`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL, `parent_id` integer, `body` text,
      FOREIGN KEY (`parent_id`) REFERENCES `comments`(`id`) ON UPDATE no action ON DELETE set null);
    CREATE TABLE `tags_to_posts` (`tag` text NOT NULL, `comment` integer NOT NULL, PRIMARY KEY(`tag`, `comment`),
      FOREIGN KEY (`comment`) REFERENCES `comments`(`id`) ON UPDATE cascade ON DELETE cascade);
"""
PRISMA = """
    CREATE TABLE "User" ("id" TEXT NOT NULL PRIMARY KEY, "email" TEXT NOT NULL, "role" TEXT NOT NULL DEFAULT 'USER',
      "emailVerified" DATETIME, "balance" DECIMAL NOT NULL DEFAULT 0, "avatar" BLOB,
      "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP);
    CREATE TABLE "Profile" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "bio" TEXT, "userId" TEXT NOT NULL,
      CONSTRAINT "Profile_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE RESTRICT);
    CREATE UNIQUE INDEX "Profile_userId_key" ON "Profile"("userId");
    CREATE TABLE "_Friends" ("A" TEXT NOT NULL, "B" TEXT NOT NULL,
      CONSTRAINT "_Friends_A_fkey" FOREIGN KEY ("A") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
      CONSTRAINT "_Friends_B_fkey" FOREIGN KEY ("B") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE);
    CREATE UNIQUE INDEX "_Friends_AB_unique" ON "_Friends"("A", "B");
"""
BETTER_AUTH = """
    create table "user" ("id" text not null primary key, "name" text not null, "email" text not null unique,
      "emailVerified" integer not null, "image" text, "createdAt" date not null, "updatedAt" date not null);
    create table "account" ("id" text not null primary key, "accountId" text not null, "providerId" text not null,
      "userId" text not null references "user" ("id") on delete cascade, "idToken" text, "expiresAt" date);
    create table "organization" ("id" text not null primary key, "slug" text unique, "metadata" text);
    create table "member" ("id" text not null primary key, "organizationId" text not null references "organization"
      ("id") on delete cascade, "userId" text not null references "user" ("id") on delete cascade, "role" text);
"""
PAYLOAD = """
    CREATE TABLE `pages` (`id` integer PRIMARY KEY NOT NULL, `title` text, `parent_id` integer, `hero_id` integer,
      `updated_at` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL, `_status` text DEFAULT 'draft',
      FOREIGN KEY (`parent_id`) REFERENCES `pages`(`id`) ON UPDATE no action ON DELETE set null,
      FOREIGN KEY (`hero_id`) REFERENCES `media`(`id`) ON UPDATE no action ON DELETE set null);
    CREATE TABLE `media` (`id` integer PRIMARY KEY NOT NULL, `alt` text NOT NULL, `filesize` numeric,
      `cover_of_id` integer, FOREIGN KEY (`cover_of_id`) REFERENCES `pages`(`id`) ON DELETE set null);
    CREATE TABLE `pages_blocks` (`_order` integer NOT NULL, `_parent_id` integer NOT NULL, `_path` text NOT NULL,
      `id` text PRIMARY KEY NOT NULL, FOREIGN KEY (`_parent_id`) REFERENCES `pages`(`id`) ON DELETE cascade);
"""
LUCIA = """
    CREATE TABLE user (id TEXT NOT NULL PRIMARY KEY, username TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL);
    CREATE TABLE session (id TEXT NOT NULL PRIMARY KEY, expires_at INTEGER NOT NULL, user_id TEXT NOT NULL,
      FOREIGN KEY (user_id) REFERENCES user(id));
    CREATE TABLE oauth_account (provider_id TEXT NOT NULL, provider_user_id TEXT NOT NULL, user_id TEXT NOT NULL,
      PRIMARY KEY (provider_id, provider_user_id), FOREIGN KEY (user_id) REFERENCES user(id));
"""


def database(script: str) -> apsw.Connection:
    """Return the database that a script creates."""
    connection = open_database(":memory:")
    run_script(connection, script)
    return connection


def fill(script: str, rows: int = 3) -> tuple[apsw.Connection, frozenset[str]]:
    """Return a database with generated rows in all tables, and the tables that stay empty. Check its integrity."""
    connection = database(script)
    empty = fill_tables(connection, schema.read(connection).tables, rows)
    with trusted(connection):
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return connection, empty


def rows_of(connection: apsw.Connection, table: str) -> list[dict[str, SQLValue]]:
    """Return the rows of a table."""
    with trusted(connection):
        names = [
            name for (name,) in connection.execute("SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 1", (table,))
        ]
        rows = connection.execute(f"SELECT {', '.join(map(quoted, names))} FROM {quoted(table)}").fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]


def violations(connection: apsw.Connection) -> list[tuple[object, ...]]:
    """Return the rows that violate a foreign key."""
    with trusted(connection):
        return connection.execute("PRAGMA foreign_key_check").fetchall()


def column(connection: apsw.Connection, table: str, name: str) -> list[SQLValue]:
    """Return the values of a column."""
    return [row[name] for row in rows_of(connection, table)]


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_is_satisfied_with_a_value_of_its_own_in_each_row(check: str) -> None:
    connection, empty = fill(f"CREATE TABLE t (id INTEGER PRIMARY KEY, x CHECK ({check}))")
    values = [value for value in column(connection, "t", "x") if value is not None]
    assert not empty
    assert len(column(connection, "t", "x")) == 3
    assert not CHECKS[check] or len(set(values)) == len(values) >= 2


@pytest.mark.parametrize("check", PAIRS)
def test_a_check_that_compares_columns_is_satisfied(check: str) -> None:
    connection, empty = fill(f"CREATE TABLE t (a, b, c TEXT NOT NULL, CONSTRAINT pair CHECK ({check}))")
    assert not empty
    assert all((row["a"], row["b"]) != (None, None) for row in rows_of(connection, "t")[:2])
    assert column(connection, "t", "c") == ["c 1", "c 2", "c 3"]


@pytest.mark.parametrize("script", [DRIZZLE, PRISMA, BETTER_AUTH, PAYLOAD, LUCIA])
def test_tables_of_well_known_libraries_are_filled(script: str) -> None:
    connection, empty = fill(script)
    assert not empty
    assert not violations(connection)
    for table in schema.read(connection).tables:
        rows = rows_of(connection, table)
        assert len(rows) == 3
        assert len(set(rows[1].values())) == len(rows[1])
        for name in rows[0]:
            values = [row[name] for row in rows if row[name] is not None]
            assert len(values) >= 2
            assert len(set(values)) >= 2


def test_the_last_row_has_null_in_each_nullable_column() -> None:
    connection, _ = fill(f"{USERS} CREATE TABLE t (k TEXT PRIMARY KEY, a TEXT, b INT NOT NULL, c, u REFERENCES users)")
    assert [tuple(row.values()) for row in rows_of(connection, "t")] == [
        ("k 1", "a 1", 201, "c 1", 2),
        ("k 2", "a 2", 202, "c 2", 3),
        ("k 3", None, 203, None, 1),
    ]


@pytest.mark.parametrize(
    ("columns", "parents"),
    [
        ("id INTEGER PRIMARY KEY, up INTEGER REFERENCES t (id)", [None, 1, 2]),
        ("id INTEGER PRIMARY KEY, up INTEGER NOT NULL REFERENCES t", [1, 1, 2]),
        ("up TEXT REFERENCES t (id) CHECK (up <> id), id TEXT PRIMARY KEY", [None, "id 1", "id 2"]),
        ("id INT UNIQUE NOT NULL, up INT, FOREIGN KEY (up) REFERENCES T (ID)", [None, 1, 2]),
        (
            "g INT, id INT, up INT, PRIMARY KEY (g, id), FOREIGN KEY (g, up) REFERENCES t) WITHOUT ROWID; --",
            [None, 101, 102],
        ),
    ],
)
def test_rows_of_a_table_that_refers_to_itself_are_a_tree(columns: str, parents: list[SQLValue]) -> None:
    connection, _ = fill(f"CREATE TABLE t ({columns}\n)".replace("--\n)", ""))
    assert column(connection, "t", "up") == parents


def test_tables_that_refer_to_each_other_are_filled() -> None:
    connection, empty = fill(
        """
        CREATE TABLE a (id INTEGER PRIMARY KEY, b TEXT NOT NULL REFERENCES b (name));
        CREATE TABLE b (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, c INTEGER NOT NULL REFERENCES c);
        CREATE TABLE c (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a);
        """
    )
    assert not empty
    assert not violations(connection)
    assert column(connection, "a", "b") == ["name 2", "name 3", "name 1"]
    assert sorted(map(str, column(connection, "c", "a"))) == ["1", "2", "3"]


def test_foreign_keys_that_share_a_column_agree() -> None:
    connection, empty = fill(
        """
        CREATE TABLE tenants (id TEXT PRIMARY KEY);
        CREATE TABLE users (tenant TEXT REFERENCES tenants, id INT, boss INT, PRIMARY KEY (tenant, id),
          FOREIGN KEY (tenant, boss) REFERENCES users);
        CREATE TABLE posts (tenant TEXT NOT NULL REFERENCES tenants, id INT NOT NULL, PRIMARY KEY (tenant, id));
        CREATE TABLE likes (tenant TEXT NOT NULL REFERENCES tenants, user INT, post INT,
          FOREIGN KEY (tenant, user) REFERENCES users, FOREIGN KEY (tenant, post) REFERENCES posts);
        """
    )
    assert not empty
    assert not violations(connection)
    assert [len([value for value in column(connection, "likes", name) if value]) for name in ("user", "post")] == [3, 3]


def test_two_keys_to_one_table_refer_to_different_rows() -> None:
    connection, _ = fill(
        f"{USERS} CREATE TABLE follows (a INT REFERENCES users, b INT REFERENCES users, CHECK (a <> b))"
    )
    assert [(row["a"] == row["b"]) for row in rows_of(connection, "follows")] == [False] * 3


def test_a_unique_key_refers_to_each_row_once() -> None:
    connection, _ = fill(f"{USERS} CREATE TABLE profiles (user INTEGER PRIMARY KEY REFERENCES users) WITHOUT ROWID")
    assert column(connection, "profiles", "user") == [1, 2, 3]


def test_a_key_to_a_missing_table_is_null() -> None:
    connection, empty = fill(
        "CREATE TABLE t (a INT REFERENCES gone, b INT); CREATE TABLE u (a NOT NULL REFERENCES gone)"
    )
    assert column(connection, "t", "a") == [None] * 3
    assert empty == {"u"}


@pytest.mark.parametrize(
    "table",
    [
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT NOT NULL, b REAL, c TEXT, d BLOB, e ANY) STRICT",
        "CREATE TABLE t (a, b, PRIMARY KEY (b, a)) WITHOUT ROWID",
        "CREATE TABLE t (a TEXT, b AS (json_extract(a, '$.b')) STORED NOT NULL, c INT)",
        "CREATE TABLE t (a TEXT, b TEXT); CREATE UNIQUE INDEX i ON t (a ->> '$.b', lower(b)) WHERE b <> ''",
        "CREATE TABLE t (a TEXT, b INT CHECK (b > 5)); CREATE INDEX i ON t (json_extract(trim(a), '$.b'))",
        "CREATE TABLE t (id INTEGER PRIMARY KEY CHECK (length(id) BETWEEN 11 AND 12), a TEXT NOT NULL)",
        "CREATE TABLE t (a INT UNIQUE ON CONFLICT REPLACE, b NOT NULL ON CONFLICT IGNORE CHECK (b IN (1, 2, 3)))",
        "CREATE TABLE t (a TEXT COLLATE NOCASE UNIQUE CHECK (a IN ('x', 'X', 'y', 'z')))",
        'CREATE TABLE t ("a ""b" CONSTRAINT "the check" CHECK ("a ""b" > 9), "check" CHECK ("check" = \')\'), [rowid])',
        "CREATE VIRTUAL TABLE t USING fts5(title, body UNINDEXED)",
        "CREATE VIRTUAL TABLE t USING fts5(title, body, content = '')",
        "CREATE VIRTUAL TABLE t USING rtree(id, x0, x1, y0, y1, +note)",
    ],
)
def test_a_table_of_each_kind_has_three_rows(table: str) -> None:
    connection, empty = fill(table)
    assert not empty
    assert connection.execute("SELECT count(*) FROM t").fetchall() == [(3,)]


def test_an_index_over_the_content_of_another_table_is_rebuilt() -> None:
    connection, empty = fill(
        "CREATE VIRTUAL TABLE found USING fts5(name, content = 'users', content_rowid = 'id');"
        f"CREATE VIRTUAL TABLE words USING fts5vocab('found', 'row'); {USERS}"
    )
    assert not empty
    assert connection.execute("SELECT rowid FROM found('2')").fetchall() == [(2,)]


def test_a_sequence_ends_at_the_last_id() -> None:
    connection, _ = fill("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a)")
    assert rows_of(connection, "sqlite_sequence") == [{"name": "t", "seq": 3}]


def test_existing_rows_stay_and_count() -> None:
    connection = database(
        f"{USERS} CREATE TABLE full (a); CREATE TABLE other (a);"
        "INSERT INTO users VALUES (3, 'name 3'), (1, 'x'); INSERT INTO full VALUES (1), (2), (3)"
    )
    assert fill_tables(connection, ["USERS", "full", "no such table"]) == frozenset()
    users = [tuple(row.values()) for row in rows_of(connection, "users")]
    assert len(users) == 3
    assert {(3, "name 3"), (1, "x")} < set(users)
    assert column(connection, "full", "a") == [1, 2, 3]
    assert column(connection, "other", "a") == []


def test_a_table_that_cannot_be_filled_is_returned() -> None:
    connection, empty = fill(
        "CREATE TABLE Never (a NOT NULL CHECK (a IS NULL)); CREATE TABLE one (id INTEGER PRIMARY KEY CHECK (id = 0));"
        "CREATE TABLE now (a); CREATE INDEX i ON now (strftime('%s', coalesce(a, 'now')))"
    )
    assert empty == {"Never"}
    assert column(connection, "one", "id") == [0]


def test_no_trigger_fires_and_the_connection_stays_as_it_was() -> None:
    connection = database(
        f"{USERS} CREATE TABLE log (a NOT NULL);"
        "CREATE TRIGGER t AFTER INSERT ON users BEGIN INSERT INTO log VALUES (1); DELETE FROM users; END"
    )
    rules = connection.authorizer
    for value in (0, 1):
        for switch in SWITCHES:
            connection.config(switch, value)
        with trusted(connection):
            connection.execute("BEGIN")
        fill_tables(connection, ["users"])
        assert [connection.config(switch, -1) for switch in SWITCHES] == [value, value]
        assert connection.in_transaction
        assert column(connection, "users", "id") == [1, 2, 3]
        with trusted(connection):
            connection.execute("ROLLBACK")
    fill_tables(connection, ["users"])
    assert not connection.in_transaction
    assert column(connection, "log", "a") == []
    assert connection.authorizer is rules


def test_attempts_are_limited_for_all_tables_together() -> None:
    checks = " AND ".join(f"(a{number} > 5 OR a{number} = 'x{number}')" for number in range(20))
    columns = ", ".join(f"a{number} NOT NULL" for number in range(20))
    names = [f"t{number}" for number in range(60)]
    connection = database(";".join(f"CREATE TABLE {name} ({columns}, CHECK (0 AND {checks}))" for name in names))
    attempts = 0

    def count(_cursor: apsw.Cursor, sql: str, _bindings: object) -> bool:
        nonlocal attempts
        attempts += sql.startswith("INSERT")
        return True

    connection.exec_trace = count
    assert fill_tables(connection, names) == set(names)
    assert 1_000 < attempts <= 20_100


@pytest.mark.parametrize("name", CASES)
def test_databases_that_are_hard_to_copy_are_filled(name: str) -> None:
    connection = database(CASES[name])
    count = "SELECT count(*) FROM {}".format
    tables = [quoted(table) for table in schema.read(connection).tables]
    before = [connection.execute(count(table)).get for table in tables]
    fill_tables(connection, schema.read(connection).tables)
    after = [connection.execute(count(table)).get for table in tables]
    assert all(now >= max(then, 2) for then, now in zip(before, after, strict=True))


_NAMES = st.sampled_from(["a", "b", "c", "Ä"])
_TYPES = st.sampled_from(["", "INT", "INTEGER", "TEXT", "REAL", "BLOB", "NUMERIC", "VARCHAR(3)", "BOOLEAN", "DATETIME"])
_CONSTRAINTS = st.one_of(
    st.sampled_from(
        ["", "NOT NULL", "UNIQUE", "NOT NULL UNIQUE ON CONFLICT REPLACE", "DEFAULT 7", "COLLATE NOCASE UNIQUE"]
    ),
    st.builds(
        lambda check, name: f"CHECK ({check.replace('x', name)})",
        st.sampled_from([*CHECKS]),
        st.sampled_from(["k", "l", "m"]),
    ),
    st.builds("NOT NULL REFERENCES {} (k)".format, _NAMES),
    st.builds("REFERENCES {} (k) ON DELETE CASCADE".format, _NAMES),
    st.builds("REFERENCES {} (l)".format, _NAMES),
    st.sampled_from(
        ["AS (k || l)", "AS (json_extract(l, '$.x')) STORED UNIQUE", "GENERATED ALWAYS AS (k + 1) NOT NULL"]
    ),
)
_COLUMNS = st.lists(st.builds("{} {}".format, _TYPES, _CONSTRAINTS), min_size=2, max_size=4)
_ENDS = st.sampled_from(
    [
        "",
        ", UNIQUE (l, m)",
        ", FOREIGN KEY (k, l) REFERENCES a (k, l)",
        ", CHECK (l < m)",
        ", CHECK ((l IS NULL) <> (m IS NULL))",
    ]
)


@st.composite
def schemas(draw: st.DrawFn) -> list[str]:
    """Return statements, some of which D1 refuses."""
    statements = []
    for name in draw(st.lists(_NAMES, min_size=1, max_size=4, unique=True)):
        key = draw(
            st.sampled_from(["INTEGER PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT", "TEXT PRIMARY KEY", "UNIQUE"])
        )
        columns = ", ".join(f"{column} {text}" for column, text in zip("lmno", draw(_COLUMNS), strict=False))
        option = draw(st.sampled_from(["", "", "STRICT", "WITHOUT ROWID"]))
        statements.append(f"CREATE TABLE {name} (k {key}, {columns}{draw(_ENDS)}) {option}")
        statements.append(f"CREATE TRIGGER t{name} AFTER INSERT ON {name} BEGIN DELETE FROM {name}; END")
    index = "CREATE UNIQUE INDEX {0}{1}{2} ON {0} ({1}) WHERE {2} IS NOT NULL".format
    expression = st.sampled_from(["l", "m", "l -> '$.x'", "lower(m)", "abs(k)"])
    statements += draw(st.lists(st.builds(index, _NAMES, expression, st.sampled_from("klm")), max_size=3))
    return statements


@settings(deadline=None, max_examples=100)
@given(schemas(), st.integers(1, 4))
def test_any_schema_is_filled_alike_and_without_an_error(statements: list[str], rows: int) -> None:
    dumps = []
    for _ in range(2):
        connection = open_database(":memory:")
        created = []
        for statement in statements:
            try:
                run_script(connection, statement)
            except SqlError:
                continue
            created.append(statement)
        tables = schema.read(connection).tables
        empty = fill_tables(connection, tables, rows)
        contents = {table: rows_of(connection, table) for table in tables}
        assert {table for table in tables if not contents[table]} == empty
        assert all(len(content) <= rows for content in contents.values())
        with trusted(connection):
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        dumps.append(contents)
    assert dumps[0] == dumps[1]
