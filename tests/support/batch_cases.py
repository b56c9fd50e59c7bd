"""Files in batches, and what they leave of ten rows."""

from __future__ import annotations

TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL DEFAULT 0, text TEXT);"
FILL = (
    "WITH r (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < {}) "
    "INSERT INTO t (id, text) SELECT i, 'A' || i FROM r"
)
UPDATE = "UPDATE t SET n = n + 1, text = lower(text) WHERE text <> lower(text)"
CASES = {
    "an UPDATE": (TABLE, UPDATE, "SELECT count(*), sum(n) FROM t WHERE text = lower(text)", [10, 10]),
    "a key of text": (
        TABLE.replace("INTEGER PRIMARY KEY", "TEXT PRIMARY KEY") + "CREATE INDEX i ON t (text)",
        UPDATE,
        "SELECT count(*), sum(n) FROM t",
        [10, 10],
    ),
    "no rowid": (
        TABLE.replace("id INTEGER PRIMARY KEY", "id TEXT COLLATE NOCASE").replace(
            "text TEXT)", "text TEXT, PRIMARY KEY (text DESC, id)) WITHOUT ROWID"
        ),
        UPDATE,
        "SELECT count(*), sum(n) FROM t",
        [10, 10],
    ),
    "another table": (
        f"{TABLE} CREATE TABLE o (id INTEGER, v); INSERT INTO o VALUES (1, 7), (2, 7), (9, 7), (10, 7), (10, 7);",
        "UPDATE t AS x SET n = o.v FROM o WHERE o.id = x.id AND x.n IS NOT o.v -- it's; joined",
        "SELECT sum(n), 0 FROM t",
        [28, 0],
    ),
    "a DELETE": (TABLE, "DELETE FROM t WHERE id > 3 -- the newer ones", "SELECT count(*), max(id) FROM t", [3, 3]),
    "every row": (TABLE, "DELETE FROM t", "SELECT count(*), 0 FROM t", [0, 0]),
    "a WITH": (
        TABLE,
        "WITH odd AS (SELECT id FROM t WHERE id % 2) DELETE FROM t WHERE id IN odd",
        "SELECT count(*), 0 FROM t",
        [5, 0],
    ),
    "an INSERT": (
        f"{TABLE} CREATE TABLE u (id INTEGER PRIMARY KEY, v);",
        "INSERT INTO u (id, v) SELECT id, text FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.id = t.id)",
        "SELECT count(*), max(id) FROM u",
        [10, 10],
    ),
    "nothing to do": (TABLE, "DELETE FROM t WHERE n > 5", "SELECT count(*), 0 FROM t", [10, 0]),
}
