"""Variants of the faults that lose rows, and near misses of each, with all findings of lint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pytest

from pulumi_d1.migrations.rehearsal.rows.options import RowsMode
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import open_database
from tests.support.lint import live

_LIBRARY: Final = (
    "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE books (id INTEGER PRIMARY KEY, "
    "author_id INTEGER REFERENCES authors(id) ON DELETE CASCADE, title TEXT); INSERT INTO authors VALUES "
    "(1,'a'),(2,'b'); INSERT INTO books VALUES (1,1,'x'),(2,1,'y'),(3,2,'z');"
)

_WIDE: Final = ", ".join(f"c{number} TEXT" for number in range(99))


@dataclass(frozen=True, slots=True)
class _Case:
    """A live database, pending files, and their findings: code, severity and message."""

    name: str
    live: str
    files: tuple[str, ...]
    findings: list[str]


_CASES: Final = (
    _Case(
        "a copy of a tree that references the original",
        (
            "CREATE TABLE folders (id INTEGER PRIMARY KEY, name TEXT, parent_id INTEGER REFERENCES folders(id) ON "
            "DELETE CASCADE);INSERT INTO folders VALUES (1,'r',NULL),(2,'a',1),(3,'b',1),(4,'c',2);"
        ),
        (
            (
                "PRAGMA defer_foreign_keys=ON; CREATE TABLE folders_new (id INTEGER PRIMARY KEY, name TEXT NOT "
                "NULL, parent_id INTEGER REFERENCES folders(id) ON DELETE CASCADE); INSERT INTO folders_new SELECT "
                "* FROM folders; DROP TABLE folders; ALTER TABLE folders_new RENAME TO folders;"
            ),
        ),
        [
            (
                "D101 error: dropping folders would delete 3 rows of folders_new, the copy of folders (parent_id); "
                "PRAGMA defer_foreign_keys = ON in line 1 delays checks, not this"
            )
        ],
    ),
    _Case(
        "a copy of a tree with SET DEFAULT",
        (
            "CREATE TABLE folders (id INTEGER PRIMARY KEY, name TEXT, parent_id INTEGER REFERENCES folders(id) ON "
            "DELETE SET DEFAULT);INSERT INTO folders VALUES (1,'r',NULL),(2,'a',1),(3,'b',1),(4,'c',2);"
        ),
        (
            (
                "PRAGMA defer_foreign_keys=ON; CREATE TABLE folders_new (id INTEGER PRIMARY KEY, name TEXT NOT "
                "NULL, parent_id INTEGER REFERENCES folders(id) ON DELETE SET DEFAULT); INSERT INTO folders_new "
                "SELECT * FROM folders; DROP TABLE folders; ALTER TABLE folders_new RENAME TO folders;"
            ),
        ),
        [
            (
                "D101 error: dropping folders would set parent_id of 3 rows of folders_new, the copy of folders to "
                "its default; PRAGMA defer_foreign_keys = ON in line 1 delays checks, not this"
            )
        ],
    ),
    _Case(
        "a copy of a tree, as Prisma writes it",
        (
            "CREATE TABLE folders (id INTEGER PRIMARY KEY, name TEXT, parent_id INTEGER REFERENCES folders(id) ON "
            "DELETE CASCADE);INSERT INTO folders VALUES (1,'r',NULL),(2,'a',1),(3,'b',1),(4,'c',2);"
        ),
        (
            (
                'PRAGMA foreign_keys=OFF; CREATE TABLE "new_Folders" ("id" INTEGER PRIMARY KEY, "name" TEXT NOT '
                'NULL, "parent_id" INTEGER, CONSTRAINT "x" FOREIGN KEY ("parent_id") REFERENCES "Folders" ("id") '
                'ON DELETE CASCADE ON UPDATE CASCADE); INSERT INTO "new_Folders" ("id","name","parent_id") SELECT '
                '"id","name","parent_id" FROM "Folders"; DROP TABLE "Folders"; ALTER TABLE "new_Folders" RENAME TO '
                '"Folders"; PRAGMA foreign_keys=ON;'
            ),
        ),
        [
            "D202 warning: PRAGMA foreign_keys = OFF has no effect inside a transaction, and a migration is one",
            (
                "D101 error: dropping folders would delete 3 rows of new_Folders, the copy of folders (parent_id); "
                "PRAGMA foreign_keys = OFF in line 1 has no effect on D1"
            ),
        ],
    ),
    _Case(
        "a copy of a tree in an earlier file",
        (
            "CREATE TABLE folders (id INTEGER PRIMARY KEY, name TEXT, parent_id INTEGER REFERENCES folders(id) ON "
            "DELETE CASCADE);INSERT INTO folders VALUES (1,'r',NULL),(2,'a',1),(3,'b',1),(4,'c',2);"
        ),
        (
            (
                "CREATE TABLE folders_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, parent_id INTEGER "
                "REFERENCES folders(id) ON DELETE CASCADE); INSERT INTO folders_new SELECT * FROM folders;"
            ),
            " DROP TABLE folders; ALTER TABLE folders_new RENAME TO folders;",
        ),
        ["D101 error: dropping folders would delete 3 rows of folders_new, the copy of folders (parent_id)"],
    ),
    _Case(
        "near: a copy of a tree that references itself",
        (
            "CREATE TABLE folders (id INTEGER PRIMARY KEY, name TEXT, parent_id INTEGER REFERENCES folders(id) ON "
            "DELETE CASCADE);INSERT INTO folders VALUES (1,'r',NULL),(2,'a',1),(3,'b',1),(4,'c',2);"
        ),
        (
            (
                "CREATE TABLE __new_folders (id INTEGER PRIMARY KEY, name TEXT NOT NULL, parent_id INTEGER "
                "REFERENCES __new_folders(id) ON DELETE CASCADE); INSERT INTO __new_folders SELECT * FROM folders; "
                "DROP TABLE folders; ALTER TABLE __new_folders RENAME TO folders;"
            ),
        ),
        [],
    ),
    _Case(
        "near: a tree that is renamed away and copied back",
        (
            "CREATE TABLE folders (id INTEGER PRIMARY KEY, name TEXT, parent_id INTEGER REFERENCES folders(id) ON "
            "DELETE CASCADE);INSERT INTO folders VALUES (1,'r',NULL),(2,'a',1),(3,'b',1),(4,'c',2);"
        ),
        (
            (
                "ALTER TABLE folders RENAME TO folders_old; CREATE TABLE folders (id INTEGER PRIMARY KEY, name "
                "TEXT NOT NULL, parent_id INTEGER REFERENCES folders(id) ON DELETE CASCADE); INSERT INTO folders "
                "SELECT * FROM folders_old; DROP TABLE folders_old;"
            ),
        ),
        [],
    ),
    _Case(
        "near: a tree set aside without its key",
        (
            "CREATE TABLE folders (id INTEGER PRIMARY KEY, name TEXT, parent_id INTEGER REFERENCES folders(id) ON "
            "DELETE CASCADE);INSERT INTO folders VALUES (1,'r',NULL),(2,'a',1),(3,'b',1),(4,'c',2);"
        ),
        (
            (
                "CREATE TABLE keep AS SELECT * FROM folders; DROP TABLE folders; CREATE TABLE folders (id INTEGER "
                "PRIMARY KEY, name TEXT NOT NULL, parent_id INTEGER REFERENCES folders(id) ON DELETE CASCADE); "
                "INSERT INTO folders SELECT * FROM keep ORDER BY id; DROP TABLE keep;"
            ),
        ),
        [],
    ),
    _Case(
        "a tree with a composite key and without rowid",
        (
            "CREATE TABLE n (t INTEGER, id INTEGER, up INTEGER, PRIMARY KEY (t,id), FOREIGN KEY (t,up) REFERENCES "
            "n(t,id) ON DELETE CASCADE) WITHOUT ROWID; INSERT INTO n VALUES (1,1,NULL),(1,2,1),(1,3,2);"
        ),
        (
            (
                "CREATE TABLE n2 (t INTEGER, id INTEGER, up INTEGER, label TEXT DEFAULT '', PRIMARY KEY (t,id), "
                "FOREIGN KEY (t,up) REFERENCES n(t,id) ON DELETE CASCADE); INSERT INTO n2 (t,id,up) SELECT t,id,up "
                "FROM n; DROP TABLE n; ALTER TABLE n2 RENAME TO n;"
            ),
        ),
        ["D101 error: dropping n would delete 2 rows of n2, the copy of n (t, up)"],
    ),
    _Case(
        "a tree with RESTRICT",
        (
            "CREATE TABLE folders (id INTEGER PRIMARY KEY, name TEXT, parent_id INTEGER REFERENCES folders(id) ON "
            "DELETE RESTRICT);INSERT INTO folders VALUES (1,'r',NULL),(2,'a',1),(3,'b',1),(4,'c',2);"
        ),
        (
            (
                "PRAGMA defer_foreign_keys=ON;CREATE TABLE folders_new (id INTEGER PRIMARY KEY, name TEXT NOT "
                "NULL, parent_id INTEGER REFERENCES folders(id) ON DELETE RESTRICT); INSERT INTO folders_new "
                "SELECT * FROM folders; DROP TABLE folders; ALTER TABLE folders_new RENAME TO folders;"
            ),
        ),
        [
            (
                "D209 error: D1 refuses to drop folders while rows of folders (parent_id), folders_new (parent_id) "
                "reference it"
            )
        ],
    ),
    _Case(
        "near: a tree with NO ACTION, deferred until the rename",
        (
            "CREATE TABLE folders (id INTEGER PRIMARY KEY, name TEXT, parent_id INTEGER REFERENCES folders(id) ON "
            "DELETE NO ACTION);INSERT INTO folders VALUES (1,'r',NULL),(2,'a',1),(3,'b',1),(4,'c',2);"
        ),
        (
            (
                "PRAGMA defer_foreign_keys=ON;CREATE TABLE folders_new (id INTEGER PRIMARY KEY, name TEXT NOT "
                "NULL, parent_id INTEGER REFERENCES folders(id)); INSERT INTO folders_new SELECT * FROM folders; "
                "DROP TABLE folders; ALTER TABLE folders_new RENAME TO folders; PRAGMA defer_foreign_keys=OFF;"
            ),
        ),
        [],
    ),
    _Case(
        "a misspelled column in an UPDATE",
        (
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, mail TEXT); INSERT INTO users VALUES "
            "(1,'a','m1'),(2,'b','m2'),(3,'c',NULL);"
        ),
        ("UPDATE users SET name = 'x' WHERE \"status\" <> 'a';",),
        [
            "D105 warning: every row of users gets a new value in name (3 rows)",
            'D111 warning: "status" names no column here, so it is read as a string',
        ],
    ),
    _Case(
        "a misspelled column in an index",
        (
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, mail TEXT); INSERT INTO users VALUES "
            "(1,'a','m1'),(2,'b','m2'),(3,'c',NULL);"
        ),
        ('CREATE INDEX i ON users (lower("nmae"));',),
        ['D111 warning: "nmae" names no column here, so it is read as a string'],
    ),
    _Case(
        "a misspelled column in a view",
        (
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, mail TEXT); INSERT INTO users VALUES "
            "(1,'a','m1'),(2,'b','m2'),(3,'c',NULL);"
        ),
        ('CREATE VIEW v AS SELECT id, "locale" FROM users;',),
        ['D111 warning: "locale" names no column here, so it is read as a string'],
    ),
    _Case(
        "a new column in coalesce()",
        (
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, mail TEXT); INSERT INTO users VALUES "
            "(1,'a','m1'),(2,'b','m2'),(3,'c',NULL);"
        ),
        (
            (
                "CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT, mail TEXT, locale TEXT); INSERT INTO "
                "users_new SELECT id, name, mail, coalesce(\"locale\", 'en') FROM users; DROP TABLE users; ALTER "
                "TABLE users_new RENAME TO users;"
            ),
        ),
        ['D111 error: "locale" names no column here, so it is read as a string'],
    ),
    _Case(
        "near: a string in VALUES",
        (
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, mail TEXT); INSERT INTO users VALUES "
            "(1,'a','m1'),(2,'b','m2'),(3,'c',NULL);"
        ),
        ('INSERT INTO users (name) VALUES ("x");',),
        [],
    ),
    _Case(
        "near: a string as a default",
        (
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, mail TEXT); INSERT INTO users VALUES "
            "(1,'a','m1'),(2,'b','m2'),(3,'c',NULL);"
        ),
        ('ALTER TABLE users ADD COLUMN role TEXT DEFAULT "guest";',),
        [],
    ),
    _Case(
        "a trigger that is created again and reads a dropped column",
        (
            "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE log (id INTEGER PRIMARY KEY, t "
            "TEXT); CREATE TABLE books (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES authors(id) ON DELETE "
            "CASCADE, title TEXT); INSERT INTO authors VALUES (1,'a'),(2,'b'); INSERT INTO books VALUES "
            "(1,1,'x'),(2,1,'y'),(3,2,'z');ALTER TABLE authors ADD COLUMN nick TEXT; CREATE TRIGGER tr AFTER "
            "UPDATE ON authors BEGIN INSERT INTO log (t) VALUES (new.nick); END;"
        ),
        (
            (
                "CREATE TABLE a2 (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO a2 SELECT id,name FROM authors; "
                "DROP TRIGGER tr; CREATE TABLE kb AS SELECT * FROM books; DROP TABLE books; DROP TABLE authors; "
                "ALTER TABLE a2 RENAME TO authors; CREATE TRIGGER tr AFTER UPDATE ON authors BEGIN INSERT INTO log "
                "(t) VALUES (new.nick); END; CREATE TABLE books (id INTEGER PRIMARY KEY, author_id INTEGER "
                "REFERENCES authors(id) ON DELETE CASCADE, title TEXT); INSERT INTO books SELECT * FROM kb; DROP "
                "TABLE kb;"
            ),
        ),
        [
            (
                "D112 error: UPDATE authors fails afterwards (no such column: new.nick), because of CREATE TRIGGER "
                "tr AFTER UPDATE ON"
            ),
        ],
    ),
    _Case(
        "near: a column that a trigger names is renamed",
        (
            "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE log (id INTEGER PRIMARY KEY, t "
            "TEXT); CREATE TABLE books (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES authors(id) ON DELETE "
            "CASCADE, title TEXT); INSERT INTO authors VALUES (1,'a'),(2,'b'); INSERT INTO books VALUES "
            "(1,1,'x'),(2,1,'y'),(3,2,'z');CREATE TRIGGER tr AFTER UPDATE ON authors BEGIN INSERT INTO log (t) "
            "VALUES (new.name); END;"
        ),
        ("ALTER TABLE log RENAME COLUMN t TO tt;",),
        [],
    ),
    _Case(
        "a parent that is renamed away, deferred",
        (
            "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE log (id INTEGER PRIMARY KEY, t "
            "TEXT); CREATE TABLE books (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES authors(id), title "
            "TEXT); INSERT INTO authors VALUES (1,'a'),(2,'b'); INSERT INTO books VALUES "
            "(1,1,'x'),(2,1,'y'),(3,2,'z');"
        ),
        (
            (
                "PRAGMA defer_foreign_keys=ON; ALTER TABLE authors RENAME TO authors_old; CREATE TABLE authors (id "
                "INTEGER PRIMARY KEY, name TEXT, x); INSERT INTO authors (id,name) SELECT * FROM authors_old; DROP "
                "TABLE authors_old; PRAGMA defer_foreign_keys=OFF;"
            ),
        ),
        [
            (
                "D112 error: UPDATE books, INSERT INTO books and DELETE FROM books fail afterwards (no such table: "
                "main.authors_old), because of DROP TABLE authors_old"
            )
        ],
    ),
    _Case(
        "REPLACE INTO without columns",
        (
            "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE log (id INTEGER PRIMARY KEY, t "
            "TEXT); CREATE TABLE books (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES authors(id) ON DELETE "
            "CASCADE, title TEXT); INSERT INTO authors VALUES (1,'a'),(2,'b'); INSERT INTO books VALUES "
            "(1,1,'x'),(2,1,'y'),(3,2,'z');"
        ),
        ("REPLACE INTO authors VALUES (1,'aa');",),
        ["D109 error: REPLACE deletes 1 row of authors, which would delete 2 rows of books (author_id)"],
    ),
    _Case(
        "UPDATE OR REPLACE",
        (
            "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE log (id INTEGER PRIMARY KEY, t "
            "TEXT); CREATE TABLE books (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES authors(id) ON DELETE "
            "CASCADE, title TEXT); INSERT INTO authors VALUES (1,'a'),(2,'b'); INSERT INTO books VALUES "
            "(1,1,'x'),(2,1,'y'),(3,2,'z');CREATE UNIQUE INDEX u ON authors(name);"
        ),
        ("UPDATE OR REPLACE authors SET name='b' WHERE id=1;",),
        ["D109 error: REPLACE deletes 1 row of authors, which would delete 1 row of books (author_id)"],
    ),
    _Case(
        "a table with ON CONFLICT REPLACE",
        (
            "CREATE TABLE s (k TEXT UNIQUE ON CONFLICT REPLACE, v TEXT, id INTEGER PRIMARY KEY); INSERT INTO s "
            "VALUES ('a','1',1),('b','2',2);"
        ),
        ("INSERT INTO s (k) VALUES ('a');",),
        ["D109 error: REPLACE deletes 1 row of s and does not insert id again"],
    ),
    _Case(
        "REPLACE in a trigger",
        (
            "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE log (id INTEGER PRIMARY KEY, t "
            "TEXT); CREATE TABLE books (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES authors(id) ON DELETE "
            "CASCADE, title TEXT); INSERT INTO authors VALUES (1,'a'),(2,'b'); INSERT INTO books VALUES "
            "(1,1,'x'),(2,1,'y'),(3,2,'z');CREATE TRIGGER tr AFTER INSERT ON log BEGIN INSERT OR REPLACE INTO "
            "authors VALUES (1, new.t); END;"
        ),
        ("INSERT INTO log (t) VALUES ('n');",),
        [
            "D101 error: inserting into log would delete 2 rows of books (author_id)",
            "D107 warning: rows of authors end with other values in name (1 row)",
        ],
    ),
    _Case(
        "REPLACE after WITH",
        _LIBRARY,
        ("WITH s AS (SELECT 1 AS id, 'q' AS name) INSERT OR REPLACE INTO authors SELECT * FROM s;",),
        ["D109 error: REPLACE deletes 1 row of authors, which would delete 2 rows of books (author_id)"],
    ),
    _Case(
        "REPLACE from a SELECT",
        (
            "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE log (id INTEGER PRIMARY KEY, t "
            "TEXT); CREATE TABLE books (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES authors(id) ON DELETE "
            "CASCADE, title TEXT); INSERT INTO authors VALUES (1,'a'),(2,'b'); INSERT INTO books VALUES "
            "(1,1,'x'),(2,1,'y'),(3,2,'z');CREATE TABLE st(id,name); INSERT INTO st VALUES (1,'q'),(2,'w');"
        ),
        ("INSERT OR REPLACE INTO authors SELECT * FROM st;",),
        ["D109 error: REPLACE deletes 2 rows of authors, which would delete 3 rows of books (author_id)"],
    ),
    _Case(
        "REPLACE that names some columns",
        "CREATE TABLE s (k TEXT PRIMARY KEY, v TEXT, w TEXT); INSERT INTO s VALUES ('a','1','x');",
        ("INSERT OR REPLACE INTO s (k,v) VALUES ('a','2');",),
        ["D109 error: REPLACE deletes 1 row of s and does not insert w again"],
    ),
    _Case(
        "near: REPLACE of a whole row without children",
        "CREATE TABLE s (k TEXT PRIMARY KEY, v TEXT); INSERT INTO s VALUES ('a','1');",
        ("INSERT OR REPLACE INTO s VALUES ('a','2');",),
        [],
    ),
    _Case(
        "near: an UPSERT",
        (
            "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE log (id INTEGER PRIMARY KEY, t "
            "TEXT); CREATE TABLE books (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES authors(id) ON DELETE "
            "CASCADE, title TEXT); INSERT INTO authors VALUES (1,'a'),(2,'b'); INSERT INTO books VALUES "
            "(1,1,'x'),(2,1,'y'),(3,2,'z');"
        ),
        ("INSERT INTO authors (id,name) VALUES (1,'aa') ON CONFLICT(id) DO UPDATE SET name=excluded.name;",),
        [],
    ),
    _Case(
        "near: REPLACE of no row",
        (
            "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE log (id INTEGER PRIMARY KEY, t "
            "TEXT); CREATE TABLE books (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES authors(id) ON DELETE "
            "CASCADE, title TEXT); INSERT INTO authors VALUES (1,'a'),(2,'b'); INSERT INTO books VALUES "
            "(1,1,'x'),(2,1,'y'),(3,2,'z');"
        ),
        ("INSERT OR REPLACE INTO authors (id,name) VALUES (9,'aa');",),
        [],
    ),
    _Case(
        "UNIQUE in ADD COLUMN",
        _LIBRARY,
        ("ALTER TABLE books ADD COLUMN p INTEGER UNIQUE;",),
        ["D200 error: Cannot add a UNIQUE column: SQLITE_ERROR"],
    ),
    _Case(
        "NOT NULL of a generated column",
        (
            "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE log (id INTEGER PRIMARY KEY, t "
            "TEXT); CREATE TABLE books (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES authors(id) ON DELETE "
            "CASCADE, title TEXT); INSERT INTO authors VALUES (1,'a'),(2,'b'); INSERT INTO books VALUES "
            "(1,1,'x'),(2,1,'y'),(3,2,'z');"
        ),
        ("ALTER TABLE books ADD COLUMN p INTEGER NOT NULL AS (nullif(id,2)) VIRTUAL;",),
        [
            (
                "D201 error: D1 adds this column only to an empty table, and books has rows: NOT NULL constraint "
                "failed: SQLITE_ERROR"
            )
        ],
    ),
    _Case(
        "AUTOINCREMENT with names in other case",
        (
            "CREATE TABLE invoices (id INTEGER PRIMARY KEY AUTOINCREMENT, n TEXT); INSERT INTO invoices (n) VALUES "
            "('a'),('b'),('c'); DELETE FROM invoices WHERE id=3;"
        ),
        (
            (
                'CREATE TABLE "New" (id INTEGER PRIMARY KEY AUTOINCREMENT, n TEXT); INSERT INTO "new" SELECT * '
                "FROM INVOICES; DROP TABLE Invoices; ALTER TABLE NEW RENAME TO Invoices;"
            ),
        ),
        ["D110 warning: ids of Invoices restart at 3 and were at 4"],
    ),
    _Case(
        "the sequences are deleted",
        (
            "CREATE TABLE invoices (id INTEGER PRIMARY KEY AUTOINCREMENT, n TEXT); INSERT INTO invoices (n) VALUES "
            "('a'),('b'),('c'); DELETE FROM invoices WHERE id=3;"
        ),
        ("DELETE FROM sqlite_sequence;",),
        ["D110 warning: ids of invoices restart at 3 and were at 4"],
    ),
    _Case(
        "near: the sequence is set again",
        (
            "CREATE TABLE invoices (id INTEGER PRIMARY KEY AUTOINCREMENT, n TEXT); INSERT INTO invoices (n) VALUES "
            "('a'),('b'),('c'); DELETE FROM invoices WHERE id=3;"
        ),
        (
            (
                "CREATE TABLE i2 (id INTEGER PRIMARY KEY AUTOINCREMENT , n TEXT NOT NULL); INSERT INTO i2 SELECT * "
                "FROM invoices; DROP TABLE invoices; ALTER TABLE i2 RENAME TO invoices;UPDATE sqlite_sequence SET "
                "seq=3 WHERE name='invoices';"
            ),
        ),
        [],
    ),
    _Case(
        "SELECT * without a primary key",
        (
            "CREATE TABLE people (id INTEGER, last TEXT, mail TEXT, first TEXT); INSERT INTO people VALUES "
            "(1,'L1','m1','F1'),(2,'L2','m2','F2');"
        ),
        (
            (
                "CREATE TABLE p2 (id INTEGER, first TEXT, last TEXT, mail TEXT); INSERT INTO p2 SELECT * FROM "
                "people; DROP TABLE people; ALTER TABLE p2 RENAME TO people;"
            ),
        ),
        ["D107 error: SELECT * puts mail into last, first into mail, last into first of people"],
    ),
    _Case(
        "SELECT * from a copy in another order",
        (
            "CREATE TABLE people (id INTEGER PRIMARY KEY, last TEXT, mail TEXT, first TEXT); INSERT INTO people "
            "VALUES (1,'L1','m1','F1'),(2,'L2','m2','F2');"
        ),
        (
            (
                "CREATE TABLE k AS SELECT id, mail, first, last FROM people; DROP TABLE people; CREATE TABLE "
                "people (id INTEGER PRIMARY KEY, last TEXT, mail TEXT, first TEXT); INSERT INTO people SELECT * "
                "FROM k; DROP TABLE k;"
            ),
        ),
        ["D107 error: SELECT * puts mail into last, first into mail, last into first of people"],
    ),
    _Case(
        "near: SELECT * into columns of other names",
        (
            "CREATE TABLE people (id INTEGER PRIMARY KEY, last TEXT, mail TEXT, first TEXT); INSERT INTO people "
            "VALUES (1,'L1','m1','F1'),(2,'L2','m2','F2');"
        ),
        (
            (
                "CREATE TABLE p2 (id INTEGER PRIMARY KEY, last_name TEXT, mail TEXT, first_name TEXT); INSERT INTO "
                "p2 SELECT * FROM people; DROP TABLE people; ALTER TABLE p2 RENAME TO people;"
            ),
        ),
        [],
    ),
    _Case(
        "a key to one column of two",
        (
            "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE log (id INTEGER PRIMARY KEY, t "
            "TEXT); CREATE TABLE books (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES authors(id) ON DELETE "
            "CASCADE, title TEXT); INSERT INTO authors VALUES (1,'a'),(2,'b'); INSERT INTO books VALUES "
            "(1,1,'x'),(2,1,'y'),(3,2,'z');"
        ),
        (("CREATE TABLE pk (a INTEGER, b INTEGER, PRIMARY KEY (a,b)); CREATE TABLE c (a INTEGER REFERENCES pk(a));"),),
        [
            (
                "D112 error: UPDATE pk, DELETE FROM pk, UPDATE c, INSERT INTO c and DELETE FROM c fail afterwards "
                '(foreign key mismatch - "c" referencing "pk"), because of CREATE TABLE c'
            )
        ],
    ),
    _Case(
        "the unique index of a key is dropped",
        (
            "CREATE TABLE a (id INTEGER, n TEXT); CREATE UNIQUE INDEX ai ON a(n); CREATE TABLE b (n TEXT "
            "REFERENCES a(n)); INSERT INTO a VALUES (1,'x'); INSERT INTO b VALUES ('x');"
        ),
        ("DROP INDEX ai;",),
        [
            (
                "D112 error: UPDATE a, DELETE FROM a, UPDATE b, INSERT INTO b and DELETE FROM b fail afterwards "
                '(foreign key mismatch - "b" referencing "a"), because of DROP INDEX ai'
            )
        ],
    ),
    _Case(
        "near: a key to a table that follows",
        (
            "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE log (id INTEGER PRIMARY KEY, t "
            "TEXT); CREATE TABLE books (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES authors(id) ON DELETE "
            "CASCADE, title TEXT); INSERT INTO authors VALUES (1,'a'),(2,'b'); INSERT INTO books VALUES "
            "(1,1,'x'),(2,1,'y'),(3,2,'z');"
        ),
        (
            (
                "CREATE TABLE r (id INTEGER PRIMARY KEY, n INTEGER REFERENCES writers(id)); CREATE TABLE writers "
                "(id INTEGER PRIMARY KEY);"
            ),
        ),
        [],
    ),
    _Case(
        "a column beyond ASCII",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, \"É\" TEXT, \"é\" TEXT); INSERT INTO t VALUES (1,'a','b');",
        ('ALTER TABLE t DROP COLUMN "é";',),
        ["D103 error: t loses the values of é (1 row)"],
    ),
    _Case(
        "near: children set aside first",
        _LIBRARY,
        (
            (
                "CREATE TABLE b2 (id INTEGER PRIMARY KEY, author_id INTEGER, title TEXT NOT NULL); INSERT INTO b2 "
                "SELECT * FROM books; DROP TABLE books; CREATE TABLE a2 (id INTEGER PRIMARY KEY, name TEXT NOT "
                "NULL); INSERT INTO a2 SELECT * FROM authors; DROP TABLE authors; ALTER TABLE a2 RENAME TO "
                "authors; CREATE TABLE books (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES authors(id) ON "
                "DELETE CASCADE, title TEXT NOT NULL); INSERT INTO books SELECT * FROM b2; DROP TABLE b2;"
            ),
        ),
        [],
    ),
    _Case(
        "a copy with GROUP BY",
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT, v TEXT); INSERT INTO t VALUES "
            "(1,'a','x'),(2,'a','y'),(3,'a',NULL);"
        ),
        ("CREATE TABLE t2 AS SELECT * FROM t GROUP BY k; DROP TABLE t; ALTER TABLE t2 RENAME TO t;",),
        ["D106 error: the copy leaves out 2 of 3 rows of t"],
    ),
    _Case(
        "a copy with DO NOTHING",
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT, v TEXT); INSERT INTO t VALUES "
            "(1,'a','x'),(2,'a','y'),(3,'a',NULL);"
        ),
        (
            (
                "CREATE TABLE t2 (id INTEGER PRIMARY KEY, k TEXT UNIQUE, v TEXT); INSERT INTO t2 SELECT * FROM t "
                "WHERE true ON CONFLICT DO NOTHING; DROP TABLE t; ALTER TABLE t2 RENAME TO t;"
            ),
        ),
        ["D106 error: the copy leaves out 2 of 3 rows of t"],
    ),
    _Case(
        "a copy in an earlier file",
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT, v TEXT); INSERT INTO t VALUES "
            "(1,'a','x'),(2,'a','y'),(3,'a',NULL);"
        ),
        (
            (
                "CREATE TABLE t2 (id INTEGER PRIMARY KEY, k TEXT UNIQUE, v TEXT); INSERT OR IGNORE INTO t2 SELECT "
                "* FROM t;"
            ),
            "DROP TABLE t; ALTER TABLE t2 RENAME TO t;",
        ),
        ["D106 error: the copy leaves out 2 of 3 rows of t"],
    ),
    _Case(
        "near: rows deleted before the copy",
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT, v TEXT); INSERT INTO t VALUES "
            "(1,'a','x'),(2,'a','y'),(3,'a',NULL);"
        ),
        (
            (
                "DELETE FROM t WHERE id>1; CREATE TABLE t2 (id INTEGER PRIMARY KEY, k TEXT UNIQUE, v TEXT); INSERT "
                "INTO t2 SELECT * FROM t; DROP TABLE t; ALTER TABLE t2 RENAME TO t;"
            ),
        ),
        [],
    ),
    _Case(
        "a child that is renamed aside keeps its key",
        _LIBRARY,
        (
            (
                "ALTER TABLE books RENAME TO keep; CREATE TABLE a2 (id INTEGER PRIMARY KEY, name TEXT NOT NULL); "
                "INSERT INTO a2 SELECT * FROM authors; DROP TABLE authors; ALTER TABLE a2 RENAME TO authors; ALTER "
                "TABLE keep RENAME TO books;"
            ),
        ),
        ["D101 error: dropping authors would delete 3 rows of keep (author_id)"],
    ),
    _Case(
        "a type change that loses values",
        "CREATE TABLE o (id INTEGER PRIMARY KEY, qty TEXT); INSERT INTO o VALUES (1,'5'),(2,'abc');",
        (
            (
                "CREATE TABLE o2 (id INTEGER PRIMARY KEY, qty INTEGER); INSERT INTO o2 SELECT id, CAST(qty AS "
                "INTEGER) FROM o; DROP TABLE o; ALTER TABLE o2 RENAME TO o;"
            ),
        ),
        ["D107 warning: the copy of o changes values of qty (1 row)"],
    ),
    _Case(
        "a type change that loses zeros",
        "CREATE TABLE o (id INTEGER PRIMARY KEY, zip TEXT); INSERT INTO o VALUES (1,'01234'),(2,'7');",
        (
            (
                "CREATE TABLE o2 (id INTEGER PRIMARY KEY, zip INTEGER); INSERT INTO o2 SELECT * FROM o; DROP TABLE "
                "o; ALTER TABLE o2 RENAME TO o;"
            ),
        ),
        ["D107 warning: the copy of o changes values of zip (1 row)"],
    ),
    _Case(
        "near: a key that changes type",
        "CREATE TABLE o (id INTEGER PRIMARY KEY, qty INTEGER); INSERT INTO o VALUES (1,5),(2,7);",
        (
            (
                "CREATE TABLE o2 (id TEXT PRIMARY KEY, qty INT); INSERT INTO o2 SELECT id, qty FROM o; DROP TABLE "
                "o; ALTER TABLE o2 RENAME TO o;"
            ),
        ),
        [],
    ),
    _Case(
        "DELETE with a misspelled column",
        (
            "CREATE TABLE sessions (id INTEGER PRIMARY KEY, revoked_at TEXT, role TEXT); INSERT INTO sessions "
            "VALUES (1,NULL,'a'),(150,'x','b'),(200,'y','admin');"
        ),
        ('DELETE FROM "sessions" WHERE "idd" > 0;',),
        [
            "D104 error: every row of sessions is deleted (3 rows)",
            'D111 warning: "idd" names no column here, so it is read as a string',
        ],
    ),
    _Case(
        "near: DELETE with NOT IN",
        (
            "CREATE TABLE sessions (id INTEGER PRIMARY KEY, revoked_at TEXT, role TEXT); INSERT INTO sessions "
            "VALUES (1,NULL,'a'),(150,'x','b'),(200,'y','admin');"
        ),
        ('DELETE FROM sessions WHERE "id" NOT IN (SELECT 1);',),
        [],
    ),
    _Case(
        "near: an index under another name",
        (
            "CREATE TABLE memos (id INTEGER PRIMARY KEY, t TEXT, owner INTEGER); CREATE TABLE ow (id INTEGER "
            "PRIMARY KEY, n TEXT); INSERT INTO ow VALUES (1,'ada'); INSERT INTO memos VALUES "
            "(1,'hello',1),(2,'bye',1); CREATE VIRTUAL TABLE memos_fts USING fts5(t, n); INSERT INTO "
            "memos_fts(rowid,t,n) SELECT m.id, t, n FROM memos m JOIN ow ON ow.id=owner;"
        ),
        (
            (
                "DROP TABLE memos_fts; CREATE VIRTUAL TABLE memo_search USING fts5(t, n, tokenize='porter'); "
                "INSERT INTO memo_search(rowid,t,n) SELECT m.id, t, n FROM memos m JOIN ow ON ow.id=owner;"
            ),
        ),
        ["D303 warning: memo_search is a virtual table: wrangler d1 export fails while it exists"],
    ),
    _Case(
        "a virtual table with rows of its own",
        "CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES ('only here');",
        ("DROP TABLE f; CREATE VIRTUAL TABLE f USING fts5(a,b);",),
        [
            "D102 error: f is created again, but its rows are not copied back (1 row)",
            "D303 warning: f is a virtual table: wrangler d1 export fails while it exists",
        ],
    ),
    _Case(
        "near: a copy into NOT NULL with coalesce()",
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT, v TEXT); INSERT INTO t VALUES "
            "(1,'a','x'),(2,'a','y'),(3,'a',NULL);"
        ),
        (
            (
                "CREATE TABLE t2 (id INTEGER PRIMARY KEY, k TEXT, v TEXT NOT NULL); INSERT INTO t2 SELECT "
                "id,k,coalesce(v,'') FROM t; DROP TABLE t; ALTER TABLE t2 RENAME TO t;"
            ),
        ),
        [],
    ),
    _Case(
        "near: values that move to another table",
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT, v TEXT); INSERT INTO t VALUES "
            "(1,'a','x'),(2,'a','y'),(3,'a',NULL);"
        ),
        (
            (
                "CREATE TABLE tv (t_id INTEGER PRIMARY KEY, v TEXT); INSERT INTO tv SELECT id, v FROM t WHERE v IS "
                "NOT NULL; ALTER TABLE t DROP COLUMN v;"
            ),
        ),
        [],
    ),
    _Case(
        "a copy with comments everywhere",
        _LIBRARY,
        (
            (
                "CREATE /* new */ TABLE b2 (id INTEGER PRIMARY KEY, author_id INTEGER, title TEXT); -- x\nINSERT "
                "INTO b2 -- copy\nSELECT * FROM books WHERE id=1; DROP /* t */ TABLE books; ALTER -- y\n TABLE b2 "
                "RENAME TO books;"
            ),
        ),
        ["D106 error: the copy leaves out 2 of 3 rows of books"],
    ),
    _Case(
        "names that are written as strings",
        _LIBRARY,
        (
            (
                "CREATE TABLE 'b2' (id INTEGER PRIMARY KEY, author_id INTEGER, title TEXT); INSERT INTO 'b2' "
                "SELECT * FROM books WHERE id=1; DROP TABLE 'books'; ALTER TABLE 'b2' RENAME TO 'books';"
            ),
        ),
        ["D106 error: the copy leaves out 2 of 3 rows of books"],
    ),
    _Case(
        "near: a copy through a view",
        _LIBRARY,
        (
            (
                "CREATE VIEW v AS SELECT * FROM books; CREATE TABLE b2 (id INTEGER PRIMARY KEY, author_id INTEGER, "
                "title TEXT); INSERT INTO b2 SELECT * FROM v; DROP VIEW v; DROP TABLE books; ALTER TABLE b2 RENAME "
                "TO books;"
            ),
        ),
        [],
    ),
    _Case(
        "near: a copy of a copy",
        _LIBRARY,
        (
            (
                "CREATE TABLE k1 AS SELECT * FROM books; CREATE TABLE k2 AS SELECT * FROM k1; DROP TABLE books; "
                "DROP TABLE k1; CREATE TABLE books (id INTEGER PRIMARY KEY, author_id INTEGER, title TEXT); INSERT "
                "INTO books SELECT * FROM k2; DROP TABLE k2;"
            ),
        ),
        [],
    ),
    _Case(
        "near: a generated column becomes a plain one",
        (
            "CREATE TABLE g (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER AS (a*2) VIRTUAL); INSERT INTO g(id,a) "
            "VALUES (1,2),(2,3);"
        ),
        (
            (
                "CREATE TABLE g2 (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER); INSERT INTO g2 SELECT id,a,b FROM "
                "g; DROP TABLE g; ALTER TABLE g2 RENAME TO g;"
            ),
        ),
        [],
    ),
    _Case(
        "a trigger that deletes children",
        _LIBRARY + "CREATE TRIGGER tr AFTER UPDATE ON authors BEGIN DELETE FROM books WHERE author_id = old.id; END;",
        ("UPDATE authors SET name = upper(name) WHERE id = 1;",),
        ["D108 error: the trigger tr would delete 2 rows of books"],
    ),
    _Case(
        "a trigger of a view",
        _LIBRARY
        + (
            "CREATE VIEW va AS SELECT * FROM authors; CREATE TRIGGER io INSTEAD OF DELETE ON va BEGIN DELETE "
            "FROM authors WHERE id = old.id; END;"
        ),
        ("DELETE FROM va WHERE id = 1;",),
        [
            "D101 error: deleting rows of va would delete 2 rows of books (author_id)",
            "D108 error: the trigger io would delete 1 row of authors",
        ],
    ),
    _Case(
        "ON UPDATE CASCADE",
        (
            "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE books (id INTEGER PRIMARY KEY, "
            "author_id INTEGER REFERENCES authors(id) ON UPDATE CASCADE, title TEXT); INSERT INTO authors VALUES "
            "(1,'a'),(2,'b'); INSERT INTO books VALUES (1,1,'x'),(2,1,'y'),(3,2,'z');"
        ),
        ("UPDATE authors SET id = id + 100;",),
        [
            "D101 warning: updating every row of authors would set author_id of 3 rows of books to the new key",
            "D105 warning: every row of authors gets a new value in id (2 rows)",
        ],
    ),
    _Case(
        "ON UPDATE SET NULL",
        (
            "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE books (id INTEGER PRIMARY KEY, "
            "author_id INTEGER REFERENCES authors(id) ON UPDATE SET NULL, title TEXT); INSERT INTO authors VALUES "
            "(1,'a'),(2,'b'); INSERT INTO books VALUES (1,1,'x'),(2,1,'y'),(3,2,'z');"
        ),
        ("UPDATE authors SET id = id + 100 WHERE id = 1;",),
        ["D101 error: updating rows of authors would set author_id of 2 rows of books to NULL"],
    ),
    _Case(
        "ON UPDATE CASCADE into a primary key",
        (
            "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE j (p INTEGER REFERENCES p ON UPDATE CASCADE ON "
            "DELETE CASCADE, q INTEGER, PRIMARY KEY(p,q)); INSERT INTO p VALUES (1),(2); INSERT INTO j VALUES "
            "(1,1),(1,2),(2,1);"
        ),
        ("UPDATE p SET id=id+10 WHERE id=1;",),
        ["D101 warning: updating rows of p would set p of 2 rows of j to the new key"],
    ),
    _Case(
        "children of children",
        _LIBRARY
        + (
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, book_id REFERENCES books ON DELETE CASCADE); INSERT "
            "INTO notes VALUES (1,1),(2,3);"
        ),
        ("DELETE FROM authors WHERE id = 1;",),
        [
            (
                "D101 error: deleting rows of authors would delete 1 row of notes (book_id), and delete 2 rows of "
                "books (author_id)"
            )
        ],
    ),
    _Case(
        "new keys in a copy",
        _LIBRARY,
        (
            (
                "CREATE TABLE b2 (id TEXT PRIMARY KEY, author_id INTEGER, title TEXT); INSERT INTO b2 SELECT "
                "lower(hex(randomblob(8))), author_id,title FROM books; DROP TABLE books; ALTER TABLE b2 RENAME TO "
                "books;"
            ),
        ),
        ["D107 warning: the copy of books changes values of id (3 rows)"],
    ),
    _Case(
        "near: the key gets another name",
        _LIBRARY,
        (
            (
                "CREATE TABLE b2 (book_id INTEGER PRIMARY KEY, author_id INTEGER, title TEXT); INSERT INTO b2 "
                "SELECT id, author_id, title FROM books; DROP TABLE books; ALTER TABLE b2 RENAME TO books;"
            ),
        ),
        [],
    ),
    _Case(
        "near: NULL in a primary key",
        (
            "CREATE TABLE n (a TEXT, b TEXT, v TEXT, PRIMARY KEY (a,b)); INSERT INTO n VALUES "
            "(NULL,'x','1'),(NULL,'x','2'),('q','x','3');"
        ),
        (
            (
                "CREATE TABLE n2 (a TEXT, b TEXT, v TEXT, PRIMARY KEY (a,b)); INSERT INTO n2 SELECT * FROM n; DROP "
                "TABLE n; ALTER TABLE n2 RENAME TO n;"
            ),
        ),
        [],
    ),
    _Case(
        "NULL in a primary key, and rows left out",
        (
            "CREATE TABLE n (a TEXT, b TEXT, v TEXT, PRIMARY KEY (a,b)); INSERT INTO n VALUES "
            "(NULL,'x','1'),(NULL,'x','2'),('q','x','3');"
        ),
        (
            (
                "CREATE TABLE n2 (a TEXT, b TEXT, v TEXT, PRIMARY KEY (a,b)); INSERT INTO n2 SELECT * FROM n LIMIT "
                "1; DROP TABLE n; ALTER TABLE n2 RENAME TO n;"
            ),
        ),
        ["D106 error: the copy leaves out 2 of 3 rows of n"],
    ),
    _Case(
        "a copy that changes the case of its key",
        "CREATE TABLE c (n TEXT COLLATE NOCASE PRIMARY KEY, v TEXT); INSERT INTO c VALUES ('Ab','1'),('cD','2');",
        (
            (
                "CREATE TABLE c2 (n TEXT PRIMARY KEY, v TEXT); INSERT INTO c2 SELECT lower(n), v FROM c; DROP "
                "TABLE c; ALTER TABLE c2 RENAME TO c;"
            ),
        ),
        ["D107 warning: the copy of c changes n of 2 rows"],
    ),
    _Case(
        "a copy that gives new ids, which other rows reference",
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT); CREATE TABLE c (id INTEGER PRIMARY KEY, t INTEGER "
            "REFERENCES t); INSERT INTO t VALUES (2,'a'),(3,'b'); INSERT INTO c VALUES (1,2);"
        ),
        (
            (
                "PRAGMA defer_foreign_keys = ON; CREATE TABLE t2 (id INTEGER PRIMARY KEY, n TEXT); INSERT INTO t2 (n) "
                "SELECT n FROM t; DROP TABLE t; ALTER TABLE t2 RENAME TO t; PRAGMA defer_foreign_keys = OFF;"
            ),
        ),
        [
            "D107 error: the copy of t changes id of 1 row, which c may reference",
            "D107 warning: the copy of t changes values of n (1 row)",
        ],
    ),
    _Case(
        "a copy that gives new ids, while other rows reference another column",
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT UNIQUE); CREATE TABLE c (id INTEGER PRIMARY KEY, t TEXT "
            "REFERENCES t (n)); INSERT INTO t VALUES (2,'a'),(3,'b'); INSERT INTO c VALUES (1,'a');"
        ),
        (
            (
                "PRAGMA defer_foreign_keys = ON; CREATE TABLE t2 (id INTEGER PRIMARY KEY, n TEXT UNIQUE); INSERT INTO "
                "t2 SELECT id + 10, n FROM t; DROP TABLE t; ALTER TABLE t2 RENAME TO t; "
                "PRAGMA defer_foreign_keys = OFF;"
            ),
        ),
        ["D107 warning: the copy of t changes id of 2 rows"],
    ),
    _Case(
        "a copy that gives new ids, which one of two tables references by name",
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT UNIQUE); CREATE TABLE c (t TEXT REFERENCES t (n)); CREATE "
            "TABLE d (id PRIMARY KEY, t REFERENCES t (ID) ON DELETE SET NULL); CREATE TABLE g (d REFERENCES d (id)); "
            "INSERT INTO t VALUES (2,'a'),(3,'b'); INSERT INTO c VALUES ('a');"
        ),
        (
            (
                "PRAGMA defer_foreign_keys = ON; CREATE TABLE t2 (id INTEGER PRIMARY KEY, n TEXT UNIQUE); INSERT INTO "
                "t2 SELECT id + 10, n FROM t; DROP TABLE t; ALTER TABLE t2 RENAME TO t; "
                "PRAGMA defer_foreign_keys = OFF;"
            ),
        ),
        [
            "D107 error: the copy of t changes id of 2 rows, which d may reference",
            (
                "D101 warning: dropping t would set t of rows of d to NULL; PRAGMA defer_foreign_keys = ON in line 1 "
                "delays checks, not this; there are no such rows now"
            ),
        ],
    ),
    _Case(
        "a copy that gives new ids, which its own rows reference",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, up REFERENCES t); INSERT INTO t VALUES (2,NULL),(4,NULL),(6,2);",
        (
            (
                "PRAGMA defer_foreign_keys = ON; CREATE TABLE n (id INTEGER PRIMARY KEY, up REFERENCES t); INSERT "
                "INTO n (up) SELECT up FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t; "
                "PRAGMA defer_foreign_keys = OFF;"
            ),
        ),
        ["D107 error: the copy of t changes id of 2 rows, which t may reference"],
    ),
    _Case(
        "two keys to one parent",
        (
            "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE m (id INTEGER PRIMARY KEY, a INTEGER REFERENCES "
            "p ON DELETE CASCADE, b INTEGER REFERENCES p ON DELETE SET NULL); INSERT INTO p VALUES (1),(2); INSERT "
            "INTO m VALUES (1,1,2),(2,2,1);"
        ),
        ("DELETE FROM p WHERE id=1;",),
        ["D101 error: deleting rows of p would delete 1 row of m (a), and set b of 1 row of m to NULL"],
    ),
    _Case(
        "a view in double quotes whose column is dropped",
        _LIBRARY + 'CREATE VIEW v AS SELECT "title" FROM books;',
        ("ALTER TABLE books DROP COLUMN title;",),
        [
            "D103 error: books loses the values of title (3 rows)",
            'D111 error: SELECT from v would read a string in place of a column (no such column: "title")',
        ],
    ),
    _Case(
        "near: a string in a trigger",
        _LIBRARY + "CREATE TABLE log(t);",
        ('CREATE TRIGGER tr AFTER INSERT ON authors BEGIN INSERT INTO log VALUES ("added"); END;',),
        [],
    ),
    _Case(
        "a view of a view",
        _LIBRARY
        + (
            "CREATE VIEW v AS SELECT b.title, a.name FROM books b JOIN authors a ON a.id = b.author_id; CREATE "
            "VIEW w AS SELECT title FROM v;"
        ),
        ("DROP VIEW v;",),
        ["D112 error: SELECT from w fails afterwards (no such table: main.v), because of DROP VIEW v"],
    ),
    _Case(
        "violations that OFF discards",
        (
            "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE books (id INTEGER PRIMARY KEY, "
            "author_id INTEGER REFERENCES authors(id) , title TEXT); INSERT INTO authors VALUES (1,'a'),(2,'b'); "
            "INSERT INTO books VALUES (1,1,'x'),(2,1,'y'),(3,2,'z');"
        ),
        ("PRAGMA defer_foreign_keys = ON; DELETE FROM authors WHERE id = 1; PRAGMA defer_foreign_keys = OFF;",),
        ["D113 error: 2 rows of books reference a row of authors that is gone"],
    ),
    _Case(
        "near: a column of the file's own",
        _LIBRARY,
        ("ALTER TABLE books ADD COLUMN tmp TEXT; UPDATE books SET tmp = 'x'; ALTER TABLE books DROP COLUMN tmp;",),
        [],
    ),
    _Case(
        "quoted names in other case",
        (
            'CREATE TABLE "Order Items" (ID INTEGER PRIMARY KEY, "Unit Price" REAL); INSERT INTO "Order Items" '
            "VALUES (1, 2.5);"
        ),
        (
            (
                'CREATE TABLE "order items new" ("id" INTEGER PRIMARY KEY, "unit price" REAL); INSERT INTO "order '
                'items new" (id) SELECT id FROM [ORDER ITEMS]; DROP TABLE `Order Items`; ALTER TABLE "order items '
                'new" RENAME TO "Order Items";'
            ),
        ),
        ["D103 error: the rebuild of Order Items does not copy the values of Unit Price (1 row)"],
    ),
    _Case(
        "near: quoted names in other case",
        (
            'CREATE TABLE "Order Items" (ID INTEGER PRIMARY KEY, "Unit Price" REAL); INSERT INTO "Order Items" '
            "VALUES (1, 2.5);"
        ),
        (
            (
                'CREATE TABLE "order items new" ("id" INTEGER PRIMARY KEY, "unit price" REAL); INSERT INTO "order '
                'items new" SELECT * FROM [ORDER ITEMS]; DROP TABLE `Order Items`; ALTER TABLE "order items new" '
                'RENAME TO "Order Items";'
            ),
        ),
        [],
    ),
    _Case(
        "near: a child rebuilt as Drizzle writes it",
        (
            "CREATE TABLE `users` (`id` integer PRIMARY KEY NOT NULL, `n` text); CREATE TABLE `posts` (`id` "
            "integer PRIMARY KEY NOT NULL, `u` integer, FOREIGN KEY (`u`) REFERENCES `users`(`id`) ON DELETE "
            "cascade); INSERT INTO users VALUES (1,'a'); INSERT INTO posts VALUES (1,1);"
        ),
        (
            (
                "PRAGMA foreign_keys=OFF;--> statement-breakpoint\nCREATE TABLE `__new_posts` (`id` integer PRIMARY "
                "KEY NOT NULL, `u` integer NOT NULL, FOREIGN KEY (`u`) REFERENCES `users`(`id`) ON UPDATE no "
                'action ON DELETE cascade);\n--> statement-breakpoint\nINSERT INTO `__new_posts`("id", "u") SELECT '
                '"id", "u" FROM `posts`;--> statement-breakpoint\nDROP TABLE `posts`;--> statement-breakpoint\nALTER '
                "TABLE `__new_posts` RENAME TO `posts`;--> statement-breakpoint\nPRAGMA foreign_keys=ON;"
            ),
        ),
        ["D202 warning: PRAGMA foreign_keys = OFF has no effect inside a transaction, and a migration is one"],
    ),
    _Case(
        "a table that is dropped beside a copy that loses its rows",
        _LIBRARY + "CREATE TABLE tags (id INTEGER PRIMARY KEY); INSERT INTO tags VALUES (1), (2);",
        (
            (
                "DROP TABLE tags; CREATE TABLE keep (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES authors(id) "
                "ON DELETE CASCADE); INSERT INTO keep SELECT id, author_id FROM books; DROP TABLE books; "
                "DROP TABLE authors;"
            ),
        ),
        [
            (
                "D102 error: authors is dropped with its rows (2 rows); line 1: books is dropped with its rows "
                "(3 rows); line 1: tags is dropped with its rows (2 rows)"
            ),
            (
                "D112 error: UPDATE keep, INSERT INTO keep and DELETE FROM keep fail afterwards (no such table: "
                "main.authors), because of DROP TABLE authors"
            ),
        ],
    ),
    _Case(
        "a view that loses its table before a file that is refused",
        _LIBRARY + "CREATE VIEW titles AS SELECT title FROM books;",
        ("DROP TABLE books;", "CREATE TABLE books (title TEXT); DROP TABLE nothing;"),
        [
            "D102 error: books is dropped with its rows (3 rows)",
            (
                "D112 error: SELECT from titles fails afterwards (no such table: main.books), because of DROP "
                "TABLE books"
            ),
            'D200 error: near "nothing": syntax error at offset 11: SQLITE_ERROR',
        ],
    ),
    _Case(
        "every row gets a new key",
        "CREATE TABLE tags (name TEXT PRIMARY KEY, part TEXT) WITHOUT ROWID; INSERT INTO tags VALUES ('a', '1');",
        ("UPDATE tags SET name = upper(name);",),
        ["D105 warning: every row of tags gets a new value in name (1 row)"],
    ),
    _Case(
        "rows that are deleted and inserted again with fewer values",
        "CREATE TABLE tags (name TEXT PRIMARY KEY, part TEXT); INSERT INTO tags VALUES ('a', '1'), ('b', '2');",
        ("DELETE FROM tags; INSERT INTO tags (name) VALUES ('a'), ('b');",),
        ["D107 warning: rows of tags end with other values in part (2 rows)"],
    ),
    _Case(
        "a renamed column called to",
        (
            'CREATE TABLE mails (id INTEGER PRIMARY KEY, "to" TEXT, cc TEXT); INSERT INTO mails VALUES '
            "(1,'a','x'),(2,'b','y');"
        ),
        ('ALTER TABLE mails RENAME "to" TO recipient; ALTER TABLE mails DROP COLUMN cc;',),
        ["D103 error: mails loses the values of cc (2 rows)"],
    ),
    _Case(
        "a table that is renamed in single quotes and dropped",
        (
            'CREATE TABLE mails (id INTEGER PRIMARY KEY, "to" TEXT, cc TEXT); INSERT INTO mails VALUES '
            "(1,'a','x'),(2,'b','y');"
        ),
        ("UPDATE mails SET cc = NULL WHERE id = 1; ALTER TABLE mails RENAME TO 'post'; DROP TABLE post;",),
        ["D102 error: mails is dropped with its rows (2 rows)"],
    ),
    _Case(
        "SET NULL in a tree whose keys may change",
        (
            "CREATE TABLE staff (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES staff (id) ON DELETE "
            "SET NULL ON UPDATE CASCADE); INSERT INTO staff VALUES (1,NULL),(2,1),(3,1);"
        ),
        ("DELETE FROM staff WHERE id = 1;",),
        ["D101 error: deleting rows of staff would set boss of 2 rows of staff to NULL"],
    ),
    _Case(
        "a changed key in such a tree",
        (
            "CREATE TABLE staff (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES staff (id) ON DELETE "
            "SET NULL ON UPDATE CASCADE); INSERT INTO staff VALUES (1,NULL),(2,1),(3,1);"
        ),
        ("UPDATE staff SET id = 9 WHERE id = 1;",),
        ["D101 warning: updating rows of staff would set boss of 2 rows of staff to the new key"],
    ),
    _Case(
        "a column that is renamed before it is dropped",
        (
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, mail TEXT); INSERT INTO users VALUES "
            "(1,'a','x'),(2,'b',NULL),(3,'c','z');"
        ),
        (
            (
                "UPDATE users SET mail = 'y' WHERE id = 1; ALTER TABLE users RENAME COLUMN name TO old; "
                "ALTER TABLE users DROP COLUMN old;"
            ),
        ),
        ["D103 error: users loses the values of name (3 rows)"],
    ),
    _Case(
        "a column that only a condition reads",
        (
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, mail TEXT); INSERT INTO users VALUES "
            "(1,'a','x'),(2,'b',NULL),(3,'c','z');"
        ),
        ("UPDATE users SET mail = 'y' WHERE name = 'a'; ALTER TABLE users DROP COLUMN name;",),
        ["D103 error: users loses the values of name (3 rows)"],
    ),
    _Case(
        "a column that another one gets converted",
        (
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, mail TEXT); INSERT INTO users VALUES "
            "(1,'a','x'),(2,'b',NULL),(3,'c','z');"
        ),
        (
            (
                "ALTER TABLE users ADD COLUMN short TEXT; UPDATE users SET short = upper(name); ALTER "
                "TABLE users DROP COLUMN name;"
            ),
        ),
        ["D103 warning: users loses the values of name (3 rows), which may be converted elsewhere"],
    ),
    _Case(
        "a copy into a table that has rows with the same keys",
        (
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, mail TEXT); INSERT INTO users VALUES "
            "(1,'a','x'),(2,'b',NULL),(3,'c','z');CREATE TABLE people (id INTEGER PRIMARY KEY, name "
            "TEXT, mail TEXT); INSERT INTO people VALUES (1,'p','x'),(2,'q','y'),(3,'r','z');"
        ),
        ("INSERT OR IGNORE INTO people SELECT * FROM users; DROP TABLE users;",),
        ["D102 error: users is dropped with its rows (3 rows)"],
    ),
    _Case(
        "a copy into a table that has the same values already",
        (
            "CREATE TABLE a (id INTEGER PRIMARY KEY, m TEXT); INSERT INTO a VALUES "
            "(1,'x'),(2,'y');CREATE TABLE b (id INTEGER PRIMARY KEY, m TEXT); INSERT INTO b VALUES "
            "(1,'y'),(2,'x'),(3,'y');"
        ),
        ("INSERT OR IGNORE INTO b SELECT * FROM a; DROP TABLE a;",),
        ["D102 error: a is dropped with its rows (2 rows)"],
    ),
    _Case(
        "a copy of the keys only",
        (
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, mail TEXT); INSERT INTO users VALUES "
            "(1,'a','x'),(2,'b',NULL),(3,'c','z');CREATE TABLE audit (id, what);"
        ),
        ("INSERT INTO audit SELECT id, 'removed' FROM users; DROP TABLE users;",),
        ["D102 error: users is dropped with its rows (3 rows): only a part of it is copied, without name, mail"],
    ),
    _Case(
        "a rebuild in two files that changes values",
        "CREATE TABLE a (id INTEGER PRIMARY KEY, m TEXT); INSERT INTO a VALUES (1,'x'),(2,'y');",
        (
            "CREATE TABLE n (id INTEGER PRIMARY KEY, m TEXT NOT NULL); INSERT INTO n SELECT id, upper(m) FROM a;",
            "DROP TABLE a; ALTER TABLE n RENAME TO a;",
        ),
        ["D107 warning: rows of a end with other values in m (2 rows)"],
    ),
    _Case(
        "a backup with another value takes the place",
        (
            "CREATE TABLE a (id INTEGER PRIMARY KEY, m TEXT); INSERT INTO a VALUES "
            "(1,'x'),(2,'y');CREATE TABLE backup (id INTEGER PRIMARY KEY, m TEXT); INSERT INTO backup "
            "VALUES (1,'x'),(2,'z');"
        ),
        ("DROP TABLE a; ALTER TABLE backup RENAME TO a;",),
        ["D107 warning: rows of a end with other values in m (1 row)"],
    ),
    _Case(
        "a table of 100 columns, and another that is altered",
        (
            f"CREATE TABLE wide (id INTEGER PRIMARY KEY, {_WIDE}); INSERT INTO wide (id, c1) VALUES (1, "
            "'a'); CREATE TABLE o (x);"
        ),
        ("UPDATE wide SET c2 = 'a'; ALTER TABLE o ADD COLUMN y;",),
        [],
    ),
    _Case(
        "a new column that the same file fills",
        (
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, mail TEXT); INSERT INTO users VALUES "
            "(1,'a','x'),(2,'b',NULL),(3,'c','z');"
        ),
        ("ALTER TABLE users ADD COLUMN y TEXT NOT NULL DEFAULT ''; UPDATE users SET y = name;",),
        [],
    ),
    _Case(
        "a column with one value that becomes a number",
        "CREATE TABLE f (id INTEGER PRIMARY KEY, active TEXT); INSERT INTO f VALUES (1,'yes'),(2,'yes');",
        (
            (
                "CREATE TABLE n (id INTEGER PRIMARY KEY, active INTEGER); INSERT INTO n SELECT id, CASE "
                "active WHEN 'yes' THEN 1 ELSE 0 END FROM f; DROP TABLE f; ALTER TABLE n RENAME TO f;"
            ),
        ),
        ["D107 warning: the copy of f changes values of active (2 rows)"],
    ),
    _Case(
        "an UPDATE of a column that the rebuild then leaves empty",
        "CREATE TABLE u (id INTEGER PRIMARY KEY, mail TEXT, n TEXT); INSERT INTO u VALUES (1,'A@X','a'),(2,'B@X','b');",
        (
            (
                "UPDATE u SET mail = lower(mail) WHERE mail LIKE '%@X'; CREATE TABLE u2 (id INTEGER "
                "PRIMARY KEY, mail TEXT, n TEXT); INSERT INTO u2 (id, n) SELECT id, n FROM u; DROP TABLE "
                "u; ALTER TABLE u2 RENAME TO u;"
            ),
        ),
        ["D103 error: the rebuild of u does not copy the values of mail (2 rows)"],
    ),
    _Case(
        "an UPDATE of a column that the rebuild then fills from another one",
        "CREATE TABLE u (id INTEGER PRIMARY KEY, mail TEXT, n TEXT); INSERT INTO u VALUES (1,'A@X','a'),(2,'B@X','b');",
        (
            (
                "UPDATE u SET mail = lower(mail) WHERE mail LIKE '%@X'; CREATE TABLE u2 (id INTEGER "
                "PRIMARY KEY, n TEXT, mail TEXT); INSERT INTO u2 SELECT * FROM u; DROP TABLE u; ALTER "
                "TABLE u2 RENAME TO u;"
            ),
        ),
        ["D107 error: SELECT * puts n into mail of u"],
    ),
    _Case(
        "an UPDATE of a column that the rebuild then copies",
        "CREATE TABLE u (id INTEGER PRIMARY KEY, mail TEXT, n TEXT); INSERT INTO u VALUES (1,'A@X','a'),(2,'B@X','b');",
        (
            (
                "UPDATE u SET mail = lower(mail) WHERE mail LIKE '%@X'; CREATE TABLE u2 (id INTEGER "
                "PRIMARY KEY, mail TEXT, n TEXT); INSERT INTO u2 SELECT * FROM u; DROP TABLE u; ALTER "
                "TABLE u2 RENAME TO u;"
            ),
        ),
        [],
    ),
    _Case(
        "a table that is split into two",
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, kind TEXT, n TEXT); CREATE TABLE ta (id INTEGER "
            "PRIMARY KEY, kind TEXT, n TEXT); CREATE TABLE tb (id INTEGER PRIMARY KEY, kind TEXT, n "
            "TEXT); INSERT INTO t VALUES (1,'a','x'),(2,'b','y'),(3,'a','z');"
        ),
        (
            (
                "INSERT INTO ta SELECT * FROM t WHERE kind = 'a'; INSERT INTO tb SELECT * FROM t WHERE "
                "kind = 'b'; DROP TABLE t;"
            ),
        ),
        [],
    ),
    _Case(
        "a table of which a split forgets a part",
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, kind TEXT, n TEXT); CREATE TABLE ta (id INTEGER "
            "PRIMARY KEY, kind TEXT, n TEXT); CREATE TABLE tb (id INTEGER PRIMARY KEY, kind TEXT, n "
            "TEXT); INSERT INTO t VALUES (1,'a','x'),(2,'b','y'),(3,'a','z');"
        ),
        (
            (
                "INSERT INTO ta SELECT * FROM t WHERE kind = 'a'; INSERT INTO tb SELECT * FROM t WHERE "
                "kind = 'c'; DROP TABLE t;"
            ),
        ),
        ["D102 error: t is dropped with its rows (3 rows)"],
    ),
    _Case(
        "a CHECK on the current time, which a table without rows accepts",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL);",
        ("CREATE TABLE u (id INTEGER PRIMARY KEY, until TEXT NOT NULL CHECK (until > date('now')));",),
        [
            (
                "D112 error: INSERT INTO u fails afterwards (non-deterministic use of date() in a CHECK "
                "constraint), because of CREATE TABLE u"
            )
        ],
    ),
    _Case(
        "an index with a pattern that is too long, on a table without rows",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL);",
        (f"CREATE INDEX some ON t (id) WHERE a LIKE '%{'a' * 60}%';",),
        [
            (
                "D112 error: INSERT INTO t fails afterwards (LIKE or GLOB pattern too complex), because of "
                "CREATE INDEX some ON t"
            )
        ],
    ),
    _Case(
        "a column that becomes a generated one with the same values",
        (
            "CREATE TABLE o (id INTEGER PRIMARY KEY, qty INTEGER, price INTEGER, total INTEGER); INSERT INTO o VALUES "
            "(1,2,3,6),(2,1,5,5);"
        ),
        (
            (
                "CREATE TABLE o2 (id INTEGER PRIMARY KEY, qty INTEGER, price INTEGER, total INTEGER GENERATED ALWAYS "
                "AS (qty * price) STORED); INSERT INTO o2 (id, qty, price) SELECT id, qty, price FROM o; DROP TABLE o; "
                "ALTER TABLE o2 RENAME TO o;"
            ),
        ),
        [],
    ),
    _Case(
        "a column that becomes a generated one with other values",
        (
            "CREATE TABLE o (id INTEGER PRIMARY KEY, qty INTEGER, price INTEGER, total INTEGER); INSERT INTO o VALUES "
            "(1,2,3,6),(2,1,5,4);"
        ),
        (
            (
                "CREATE TABLE o2 (id INTEGER PRIMARY KEY, qty INTEGER, price INTEGER, total INTEGER GENERATED ALWAYS "
                "AS (qty * price) STORED); INSERT INTO o2 (id, qty, price) SELECT id, qty, price FROM o; DROP TABLE o; "
                "ALTER TABLE o2 RENAME TO o;"
            ),
        ),
        ["D107 warning: the copy of o changes values of total (1 row)"],
    ),
    _Case(
        "a conversion to a number that another column has in the only row",
        "CREATE TABLE cfg (id INTEGER PRIMARY KEY, state TEXT, b INTEGER); INSERT INTO cfg VALUES (1,'on',1);",
        (
            (
                "CREATE TABLE cfg2 (id INTEGER PRIMARY KEY, state INTEGER, b INTEGER); INSERT INTO cfg2 SELECT id, "
                "state = 'on', b FROM cfg; DROP TABLE cfg; ALTER TABLE cfg2 RENAME TO cfg;"
            ),
        ),
        ["D107 warning: the copy of cfg changes values of state (1 row)"],
    ),
    _Case(
        "constraints that a row of ones does not satisfy",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL);",
        (
            (
                "CREATE TABLE u (id INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('x')), t INTEGER NOT NULL "
                "REFERENCES t (id), made INTEGER DEFAULT (unixepoch())) STRICT; CREATE INDEX by_kind ON u (kind ->> "
                "'$.a'); CREATE TRIGGER never AFTER INSERT ON t BEGIN SELECT RAISE(ABORT, 'no'); END;"
            ),
        ),
        [],
    ),
)


@pytest.mark.parametrize("case", _CASES, ids=lambda case: str(case.name))
def test_a_variant_has_exactly_these_findings(case: _Case) -> None:
    connection = open_database(":memory:")
    run_script(connection, case.live)
    found = live.of_database(connection, *case.files)
    assert [f"{item.rule.code} {item.severity}: {item.message}" for item in found] == case.findings


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE books SET title = json_set(title, '$.a', 1);",
        "CREATE TABLE pages AS SELECT json_extract(title, '$.a') AS a FROM books;",
        "CREATE INDEX by_a ON books (json_extract(title, '$.a'));",
        "UPDATE books SET id = title;",
    ],
)
def test_values_of_generated_rows_refuse_nothing(sql: str) -> None:
    connection = open_database(":memory:")
    run_script(connection, _LIBRARY)
    [finding] = (f for f in live.of_database(connection, sql, rows=RowsMode.MADE) if f.rule.code != "D105")
    assert (finding.rule.code, finding.severity, finding.refused) == ("D208", "warning", False)
