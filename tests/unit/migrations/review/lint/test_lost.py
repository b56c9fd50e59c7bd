"""Rows are followed through renames, copies and several files. The live database is that of `live.py`."""

from __future__ import annotations

import pytest

from tests.support.lint import live

_KEEP = "CREATE TABLE keep AS SELECT * FROM sessions;"
_REBUILD = (
    "CREATE TABLE users_new (id INTEGER PRIMARY KEY, email, password_hash, name, created_at, updated_at);"
    "INSERT INTO users_new SELECT * FROM users; DROP TABLE users; ALTER TABLE users_new RENAME TO users;"
)
_KEEP_ALL = (
    "CREATE TABLE k1 AS SELECT * FROM sessions; CREATE TABLE k2 AS SELECT * FROM files;"
    "CREATE TABLE k3 AS SELECT id, author_id FROM content;"
)
_BACK = (
    "INSERT INTO sessions SELECT * FROM k1; INSERT INTO files SELECT * FROM k2;"
    "UPDATE content SET author_id = (SELECT author_id FROM k3 WHERE k3.id = content.id);"
)


def row_codes(*files: str, more: str = "") -> list[str]:
    """Return the codes of the findings about rows, with the file's number."""
    findings = live.findings(*files, more=more)
    return [f"{item.rule.code} {int(item.name[:4]) - 3}" for item in findings if item.rule.code[1] in "12"]


@pytest.mark.parametrize(
    "sql",
    [
        f"{_KEEP} DROP TABLE sessions; CREATE TABLE sessions AS SELECT * FROM keep;",
        f"{_KEEP} DELETE FROM sessions; INSERT INTO sessions SELECT * FROM keep; DROP TABLE keep;",
        f"{_KEEP} ALTER TABLE keep RENAME TO kept; DELETE FROM sessions; INSERT INTO sessions SELECT * FROM kept;",
        (
            f"{_KEEP} CREATE TABLE kept AS SELECT * FROM keep; DROP TABLE keep; DROP TABLE sessions;"
            "CREATE TABLE sessions (id, user_id, expires_at, created_at); INSERT INTO sessions SELECT * FROM kept;"
        ),
        "ALTER TABLE sessions RENAME TO old; CREATE TABLE sessions AS SELECT * FROM old; DROP TABLE old;",
        (
            "CREATE TABLE n AS SELECT id, user_id, expires_at AS until, created_at FROM sessions; DROP TABLE sessions;"
            "ALTER TABLE n RENAME TO sessions;"
        ),
        (
            "CREATE VIEW v AS SELECT * FROM sessions; CREATE TABLE n AS SELECT * FROM v; DROP VIEW v;"
            "DROP TABLE sessions; ALTER TABLE n RENAME TO sessions;"
        ),
        f"{_KEEP_ALL} {_REBUILD} {_BACK} DROP TABLE k1; DROP TABLE k2; DROP TABLE k3;",
        f"{_KEEP} DROP TABLE sessions;",
        f"{_KEEP} DELETE FROM sessions;",
    ],
)
def test_rows_that_are_copied_back_in_the_same_file_are_not_lost(sql: str) -> None:
    assert row_codes(sql) == []


@pytest.mark.parametrize(
    ("sql", "codes"),
    [
        (f"DROP TABLE sessions; {_KEEP.replace('sessions', 'files')}", ["D102 1"]),
        (
            (
                f"ALTER TABLE sessions DROP COLUMN created_at; {_KEEP} DELETE FROM sessions;"
                "INSERT INTO sessions SELECT * FROM keep;"
            ),
            ["D103 1"],
        ),
        (
            (
                "CREATE TABLE keep AS SELECT id, user_id FROM sessions; DELETE FROM sessions;"
                "INSERT INTO sessions (id, user_id, expires_at) SELECT id, user_id, '' FROM keep;"
            ),
            ["D107 1"],
        ),
        (f"DELETE FROM sessions; {_KEEP} INSERT INTO sessions SELECT * FROM keep;", ["D104 1"]),
        ("DROP TABLE sessions; CREATE TABLE sessions (id); INSERT INTO sessions VALUES ('s1');", ["D102 1"]),
        ("DROP TABLE sessions; CREATE TABLE sessions AS SELECT count(*) AS n FROM users;", ["D102 1"]),
        (f"{_REBUILD} {_KEEP_ALL} {_BACK}", ["D101 1"]),
        (f"{_KEEP_ALL} {_REBUILD} {_BACK.replace('INSERT INTO files', 'INSERT INTO k2')}", ["D101 1"]),
    ],
)
def test_rows_that_are_not_copied_back_are_lost(sql: str, codes: list[str]) -> None:
    assert row_codes(sql) == codes


def test_the_message_leaves_out_rows_that_are_copied_back() -> None:
    [finding] = live.findings(f"{_KEEP_ALL} {_REBUILD} {_BACK.replace('INSERT INTO files', 'INSERT INTO k2')}")
    assert finding.message == "dropping users would delete 1 row of files (owner_id)"


def test_a_child_that_is_dropped_before_is_no_victim() -> None:
    findings = live.findings("DROP TABLE sessions; DROP TABLE files; DROP TABLE users;")
    [cascade] = (item for item in findings if item.rule.code == "D101")
    assert cascade.message == "dropping users would set author_id of 2 rows of content to NULL"


def test_a_cascade_reaches_the_children_of_children() -> None:
    more = """
    CREATE TABLE clicks (id INTEGER PRIMARY KEY, session_id TEXT REFERENCES sessions(id) ON DELETE CASCADE);
    INSERT INTO clicks (session_id) VALUES ('s1'), ('s1'), ('s3'), (NULL);
    """
    [finding] = (item for item in live.findings(_REBUILD, more=more) if item.rule.code == "D101")
    assert "delete 3 rows of clicks (session_id), " in finding.message


def test_a_table_that_points_at_itself_is_not_its_own_victim() -> None:
    more = """
    CREATE TABLE tree (id INTEGER PRIMARY KEY, up REFERENCES tree(id) ON DELETE CASCADE);
    INSERT INTO tree VALUES (1, 1);
    """
    assert row_codes("DROP TABLE tree;", more=more) == ["D102 1"]


def test_the_message_names_a_default() -> None:
    more = """
    CREATE TABLE likes (content_id INTEGER DEFAULT 1 REFERENCES content(id) ON DELETE SET DEFAULT);
    INSERT INTO likes VALUES (2);
    """
    [finding] = (
        item for item in live.findings("DELETE FROM content WHERE id = 2;", more=more) if item.rule.code == "D101"
    )
    assert finding.message == "deleting rows of content would set content_id of 1 row of likes to its default"


@pytest.mark.parametrize(
    ("files", "codes"),
    [
        (("ALTER TABLE users RENAME TO people;", "DELETE FROM people WHERE true;"), ["D101 2", "D104 2"]),
        (("ALTER TABLE users RENAME COLUMN name TO n;", "ALTER TABLE users DROP COLUMN n;"), ["D103 2"]),
        ((_REBUILD.replace("users", "sessions_x"),), ["D200 1"]),
        (("DELETE FROM sessions;", "DROP TABLE sessions;"), ["D104 1"]),
        (("DROP TABLE sessions;", "CREATE TABLE sessions (id);", "DROP TABLE sessions;"), ["D102 1"]),
        (("CREATE TABLE tags (id); INSERT INTO tags VALUES (1);", "DELETE FROM tags;", "DROP TABLE tags;"), []),
        (("ALTER TABLE users ADD COLUMN x;", "ALTER TABLE users RENAME COLUMN x TO y; UPDATE users SET y = 1;"), []),
        (
            (f"{_KEEP} DROP TABLE sessions; CREATE TABLE sessions AS SELECT * FROM keep;", "DROP TABLE sessions;"),
            ["D102 2"],
        ),
        (("DELETE FROM sessions;", "ALTER TABLE sessions ADD COLUMN x NOT NULL;"), ["D104 1", "D201 2"]),
        (("EXPLAIN DELETE FROM sessions; EXPLAIN DROP TABLE users;",), []),
        (("CREATE TABLE a AS SELECT * FROM users; DROP TABLE a;",), []),
    ],
)
def test_rows_are_followed_from_file_to_file(files: tuple[str, ...], codes: list[str]) -> None:
    assert row_codes(*files) == codes


def test_a_new_database_has_no_rows_to_lose() -> None:
    assert (
        live.of_new_database(_REBUILD, "DROP TABLE sessions; DELETE FROM users; ALTER TABLE files DROP COLUMN name;")
        == ()
    )


def test_without_rows_now_it_is_a_warning() -> None:
    empty = "DELETE FROM sessions; DELETE FROM files; UPDATE content SET author_id = NULL; DELETE FROM users;"
    findings = live.findings(_REBUILD, more=empty)
    assert [(item.severity, item.message) for item in findings] == [
        (
            "warning",
            (
                "dropping users would delete rows of files (owner_id), delete rows of sessions (user_id), and set "
                "author_id of rows of content to NULL; there are no such rows now"
            ),
        ),
        ("warning", "ids of users restart at 1 and were at 3"),
    ]


def test_a_folder_without_a_database_has_warnings_without_numbers() -> None:
    findings = live.of_folder("DROP TABLE sessions;", "ALTER TABLE users DROP COLUMN name; DELETE FROM users;")
    assert [(item.rule.code, item.severity, item.message) for item in findings] == [
        ("D102", "warning", "sessions is dropped with its rows"),
        ("D103", "warning", "users loses the values of name"),
        (
            "D101",
            "warning",
            (
                "deleting every row of users would delete rows of files (owner_id), and set author_id of rows of "
                "content to NULL"
            ),
        ),
        ("D104", "warning", "every row of users is deleted"),
    ]


def test_a_folder_without_a_database_has_no_finding_about_a_table_that_a_file_creates_and_drops() -> None:
    assert live.of_folder("CREATE TABLE a (x); INSERT INTO a VALUES (1); DELETE FROM a; DROP TABLE a;") == ()


def test_a_virtual_table_that_is_created_again_is_an_index() -> None:
    more = "CREATE VIRTUAL TABLE words USING fts5(title); INSERT INTO words VALUES ('x');"
    again = "DROP TABLE words; CREATE VIRTUAL TABLE words USING fts5(title, body);"
    assert row_codes(f"{again} INSERT INTO words SELECT title, body FROM content;", more=more) == []
    assert row_codes("DROP TABLE words;", more=more) == ["D102 1"]


def test_a_refusal_because_of_rows_is_certain_while_there_are_rows() -> None:
    added = "ALTER TABLE sessions ADD COLUMN x NOT NULL;"
    [refused] = live.findings(added)
    [allowed] = live.findings("DELETE FROM sessions WHERE id <> '';", added)
    assert (refused.refused, refused.severity) == (True, "error")
    assert (allowed.refused, allowed.severity) == (False, "warning")
    more = "CREATE TABLE votes (content_id REFERENCES content(id)); INSERT INTO votes VALUES (1);"
    findings = live.findings("UPDATE votes SET content_id = NULL WHERE true; DELETE FROM content;", more=more)
    assert [item.rule.code for item in findings] == ["D105", "D104"]


def test_an_update_that_fills_a_null_does_not_explain_a_value_that_the_copy_overwrites() -> None:
    more = "CREATE TABLE t (id INTEGER PRIMARY KEY, w TEXT); INSERT INTO t VALUES (1, 'a'), (2, NULL);"
    copy = (
        "CREATE TABLE n (id INTEGER PRIMARY KEY, w TEXT); INSERT INTO n SELECT id, 'new' FROM t; DROP TABLE t;"
        "ALTER TABLE n RENAME TO t;"
    )
    assert row_codes(f"UPDATE t SET w = 'b' WHERE w IS NULL; {copy}", more=more) == ["D107 1"]
    assert row_codes(f"UPDATE t SET w = 'new' WHERE w IS NOT NULL; {copy}", more=more) == []


def test_a_search_index_over_many_tables_is_dropped() -> None:
    tables = "".join(
        f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, text); INSERT INTO t{n} VALUES ({n}, 'x');" for n in range(9)
    )
    more = f"{tables} CREATE VIRTUAL TABLE found USING fts5(text); INSERT INTO found SELECT text FROM t1;"
    assert row_codes("DROP TABLE found;", more=more) == []
    assert row_codes("DROP TABLE found; DROP TABLE t1;", more=more) == ["D102 1"]


@pytest.mark.parametrize("column", ["a]b", "a`b", "a[b"])
def test_a_string_is_found_beside_columns_with_quotes_in_their_names(column: str) -> None:
    more = f'CREATE TABLE t (id INTEGER PRIMARY KEY, "{column}"); INSERT INTO t VALUES (1, 2);'
    findings = live.findings(f'CREATE TABLE n AS SELECT "missing", "{column}" FROM t;', more=more)
    assert ["D111" for item in findings if item.rule.code == "D111"] == ["D111"]
