"""wrangler d1 export --remote: its file, which loads again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from tests.support.http_account import HttpAccount
    from tests.support.wrangler import Wrangler

SCHEMA = """
CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users(id), body);
CREATE INDEX posts_by_author ON posts(author);
INSERT INTO users (name) VALUES ('O''Hara'), ('two
lines');
INSERT INTO posts VALUES (1, 1, x'00ff'), (2, 2, NULL), (3, 2, 1.5);
"""
MORE = """
CREATE TABLE "a quoted ""name" (a, b AS (a * 2));
INSERT INTO "a quoted ""name" VALUES (7);
CREATE TABLE w (a TEXT PRIMARY KEY, b REAL) WITHOUT ROWID;
INSERT INTO w VALUES ('\\r', 0.1), ('é\r\n', 9e999), ('', -1.5);
CREATE VIEW v AS SELECT * FROM users;
CREATE TRIGGER tr AFTER INSERT ON users BEGIN DELETE FROM posts WHERE CASE WHEN 1 THEN 0 END; END;
"""
HEAD = "PRAGMA defer_foreign_keys=TRUE;\n"
USERS_TABLE = "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);\n"
USERS_ROWS = (
    """INSERT INTO "users" ("id","name") VALUES(1,'O''Hara');\n"""
    """INSERT INTO "users" ("id","name") VALUES(2,replace('two\\nlines','\\n',char(10)));\n"""
)
POSTS_TABLE = "CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users(id), body);\n"
POSTS_ROWS = (
    """INSERT INTO "posts" ("id","author","body") VALUES(1,1,X'00ff');\n"""
    """INSERT INTO "posts" ("id","author","body") VALUES(2,2,NULL);\n"""
    """INSERT INTO "posts" ("id","author","body") VALUES(3,2,1.5);\n"""
)
SEQUENCE_EMPTIED = "DELETE FROM sqlite_sequence;\n"
SEQUENCE_ROWS = """INSERT INTO "sqlite_sequence" ("name","seq") VALUES('users',2);\n"""
INDEX = "CREATE INDEX posts_by_author ON posts(author);\n"


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), (USERS_TABLE, USERS_ROWS, POSTS_TABLE, POSTS_ROWS, SEQUENCE_EMPTIED, SEQUENCE_ROWS, INDEX)),
        (("--no-data",), (USERS_TABLE, POSTS_TABLE, SEQUENCE_EMPTIED, INDEX)),
        (("--no-schema",), (USERS_ROWS, POSTS_ROWS, SEQUENCE_ROWS)),
        (("--table", "posts"), (POSTS_TABLE, POSTS_ROWS)),
        (("--table", "posts", "--table", "users", "--no-data"), (USERS_TABLE, POSTS_TABLE)),
    ],
    ids=lambda value: " ".join(value) if value and value[0].startswith("--") else None,
)
def test_an_export_follows_its_options(
    wrangler: Wrangler, shop: str, cloud: HttpAccount, options: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    cloud.query(shop, SCHEMA)
    exported = wrangler.d1("export", "shop", "--remote", "--output", "dump.sql", *options)
    assert "Downloaded to dump.sql successfully!" in exported.stdout
    assert (wrangler.folder / "dump.sql").read_text() == HEAD + "".join(expected)


@pytest.mark.thorough
def test_an_export_equals_that_of_cloudflares_local_engine(wrangler: Wrangler, shop: str, cloud: HttpAccount) -> None:
    schema = SCHEMA + MORE
    cloud.query(shop, schema)
    wrangler.write("schema.sql", schema)
    wrangler.d1("execute", "shop", "--local", "--file", "schema.sql")
    for place in ("--local", "--remote"):
        wrangler.d1("export", "shop", place, "--output", f"dump{place}.sql")
    local, remote = ((wrangler.folder / f"dump{place}.sql").read_text() for place in ("--local", "--remote"))
    assert remote == local + "\n", "the one difference: wrangler's local mode leaves the last line open"


def test_an_export_loads_again_as_a_file(wrangler: Wrangler, shop: str, cloud: HttpAccount) -> None:
    cloud.query(shop, SCHEMA)
    copy = cloud.create("copy")
    wrangler.d1("export", "shop", "--remote", "--output", "dump.sql")
    wrangler.d1("execute", "copy", "--remote", "--file", "dump.sql", "--yes")
    for sql in (
        "SELECT * FROM users",
        "SELECT id, author, typeof(body) AS kind, quote(body) AS body FROM posts",
        "SELECT * FROM sqlite_sequence",
        "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name",
    ):
        assert cloud.query(copy, sql) == cloud.query(shop, sql)


def test_the_address_of_an_export_needs_no_token_and_no_other_address_works(
    wrangler: Wrangler, shop: str, cloud: HttpAccount
) -> None:
    cloud.query(shop, SCHEMA)
    exported = wrangler.d1("export", "shop", "--remote", "--output", "dump.sql")
    [url] = re.findall(r"valid for one hour: (\S+)", exported.stdout)
    assert httpx.get(url).content == (wrangler.folder / "dump.sql").read_bytes()
    assert httpx.get(url[:-1]).status_code == 403
    assert httpx.put(url, content=b"x").status_code == 403


def test_a_database_with_a_virtual_table_is_refused_unless_other_tables_are_named(
    wrangler: Wrangler, shop: str, cloud: HttpAccount
) -> None:
    cloud.query(shop, SCHEMA + "CREATE VIRTUAL TABLE found USING fts5(body)")
    failed = wrangler.d1("export", "shop", "--remote", "--output", "dump.sql", code=1)
    assert "D1 Export error: cannot export databases with Virtual Tables (fts5)" in failed.errors
    assert not (wrangler.folder / "dump.sql").exists()
    wrangler.d1("export", "shop", "--remote", "--output", "dump.sql", "--table", "users")
    assert (wrangler.folder / "dump.sql").read_text() == HEAD + USERS_TABLE + USERS_ROWS
