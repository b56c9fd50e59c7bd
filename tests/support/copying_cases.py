"""Databases that are hard to copy, as scripts that make them."""

from __future__ import annotations

CASES = {
    "numbers": """
        CREATE TABLE t (a, b INTEGER, c REAL, d NUMERIC);
        INSERT INTO t VALUES (9007199254740993, -9223372036854775808, 0.1, 9e999), (1.0, 1, 1e300, -9e999),
          (NULL, 0, 2, 3);
    """,
    "text": """
        CREATE TABLE t (a TEXT);
        INSERT INTO t VALUES ('it''s'), (''), ('a' || char(0) || 'b'), ('T12'), ('CAST(X''41'' AS TEXT)'),
          ('é' || char(10)), (char(128512)), (CAST(X'80FF41' AS TEXT)), ('x' || char(13, 10) || 'y'), (char(65279));
    """,
    "blobs": "CREATE TABLE t (a BLOB); INSERT INTO t VALUES (X''), (X'00FF'), (zeroblob(70000)), (randomblob(70001))",
    "large values, and many in one row": """
        CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b BLOB, c, CHECK (length(b) > 1800000 OR id > 1));
        INSERT INTO t VALUES (1, 'x', randomblob(1900000), 'x'), (4, hex(randomblob(900000)), X'00', 'x');
        INSERT INTO t VALUES (2, hex(randomblob(30000)), randomblob(30000), hex(randomblob(30000)));
        INSERT INTO t VALUES (3, 'small', NULL, 1);
    """,
    "a hundred columns": f"""
        CREATE TABLE t ({", ".join(f"c{number} TEXT" for number in range(99))}, z INTEGER PRIMARY KEY);
        INSERT INTO t VALUES ({", ".join("hex(randomblob(5000))" for _ in range(99))}, 1);
    """,
    "a hundred columns and a rowid": f"""
        CREATE TABLE t ({", ".join(f"c{number}" for number in range(100))});
        INSERT INTO t (rowid, c0, c98, c99) VALUES
            (-7, 'x' || char(0), 9007199254740993, X'00ff'), (5, NULL, 1e99, -0.5), (9, 'a', 'é', 9223372036854775807);
        INSERT INTO t (rowid, c0, c99) VALUES (8, randomblob(900000), hex(randomblob(400000)));
        INSERT INTO t (rowid, {", ".join(f"c{number}" for number in range(100))})
            VALUES (7, {", ".join("hex(randomblob(5000))" for _ in range(100))});
    """,
    "rowids without a column": """
        CREATE TABLE t (a); CREATE TABLE u (rowid, a); CREATE TABLE v (id INTEGER PRIMARY KEY DESC, oid, rowid);
        INSERT INTO t (rowid, a) VALUES (5, 1), (-3, 2); INSERT INTO u (oid, a) VALUES (9, 1);
        INSERT INTO v VALUES (1, 2, 3);
    """,
    "keys without rowid": """
        CREATE TABLE t (a TEXT COLLATE NOCASE, b, c, PRIMARY KEY (b DESC, a COLLATE BINARY)) WITHOUT ROWID;
        INSERT INTO t VALUES ('x', 1, 1), ('X', 1, 2), ('x', 'x', 3), ('é' || char(0), X'00', 4);
    """,
    "generated columns": """
        CREATE TABLE t (a INT, b AS (a * 2), c INT AS (a + 1) STORED, d INT);
        INSERT INTO t (a, d) VALUES (1, 2), (3, 4);
    """,
    "foreign keys in circles, and onto a unique index": """
        CREATE TABLE child (id INTEGER PRIMARY KEY, parent TEXT REFERENCES parent(name) ON DELETE CASCADE);
        CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT, child REFERENCES child(id), self REFERENCES parent(id));
        CREATE UNIQUE INDEX by_name ON parent (name);
        INSERT INTO parent VALUES (2, 'b', NULL, NULL); INSERT INTO parent VALUES (1, 'a', NULL, 2);
        INSERT INTO child VALUES (1, 'a'); UPDATE parent SET child = 1, self = 1;
    """,
    "names that differ in letters beyond ASCII": """
        CREATE TABLE "Ä" (a INTEGER PRIMARY KEY, "Ö", "ö"); CREATE TABLE "ä" (b REFERENCES "Ä" (a));
        CREATE INDEX "Ü" ON "Ä" ("Ö"); CREATE INDEX "ü" ON "ä" (b);
        INSERT INTO "Ä" VALUES (1, 2, 3); INSERT INTO "ä" VALUES (1), (1);
    """,
    "triggers and views": """
        CREATE TABLE t (a); CREATE TABLE log (a); CREATE VIEW w AS SELECT a FROM v; CREATE VIEW v AS SELECT a FROM t;
        CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES (CASE WHEN 1 THEN ';' END); END;
        CREATE TRIGGER tv INSTEAD OF INSERT ON v BEGIN INSERT INTO t VALUES (NEW.a); END;
        INSERT INTO v VALUES (1);
    """,
    "sequences": """
        CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT); CREATE TABLE u (id INTEGER PRIMARY KEY AUTOINCREMENT);
        CREATE TABLE v ("autoincrement" INTEGER PRIMARY KEY); INSERT INTO v VALUES (1);
        INSERT INTO t VALUES (7); DELETE FROM t; INSERT INTO u VALUES (9007199254740993);
    """,
    "full text": """
        CREATE VIRTUAL TABLE own USING fts5(title, body UNINDEXED, tokenize = 'porter');
        INSERT INTO own (rowid, title, body) VALUES (7, 'running shoes', X'00FF'), (-2, 'é', NULL);
        INSERT INTO own (own, rank) VALUES ('rank', 'bm25(10.0)'), ('automerge', 8);
        CREATE TABLE posts (id INTEGER PRIMARY KEY, body);
        CREATE VIRTUAL TABLE all_posts USING fts5(body, content = 'posts', content_rowid = 'id');
        CREATE VIRTUAL TABLE some_posts USING fts5(body, content = posts, content_rowid = id);
        CREATE TRIGGER tr AFTER INSERT ON posts BEGIN
          INSERT INTO all_posts (rowid, body) VALUES (NEW.id, NEW.body);
        END;
        INSERT INTO posts VALUES (1, 'alpha beta'), (2, 'beta gamma'), (3, 'gamma');
        INSERT INTO some_posts (rowid, body) VALUES (2, 'beta gamma');
        CREATE VIRTUAL TABLE unsized USING fts5(body, content = 'posts', content_rowid = 'id', columnsize = 0);
        INSERT INTO unsized (unsized) VALUES ('rebuild');
        CREATE VIRTUAL TABLE words USING fts5vocab('own', 'row');
    """,
    "r*trees": """
        CREATE VIRTUAL TABLE r USING rtree(id, x0, x1, +note);
        INSERT INTO r VALUES (5, 1.5, 2.1, 'n'), (2, 0, 0.1, NULL);
    """,
    "indexes and statistics": """
        CREATE TABLE t (a, b); CREATE INDEX i ON t (lower(a)); CREATE UNIQUE INDEX j ON t (b) WHERE b > 0;
        INSERT INTO t VALUES ('A', 2), ('B', 3), ('C', -1), ('D', -1); ANALYZE;
    """,
    "names": """
        CREATE TABLE "a ""b"" c;" ("x y" PRIMARY KEY, [select] INT, `back``tick` BLOB, "é--" REFERENCES "a ""b"" c;");
        INSERT INTO "a ""b"" c;" VALUES ('v', 1, X'01', NULL);
        CREATE TABLE copied_pieces_0 (a); CREATE TABLE strict (a ANY) STRICT;
    """,
    "a name like a keyword": 'CREATE TABLE t ("autoincrement" INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)',
    "nothing": "CREATE TABLE t (a)",
}
