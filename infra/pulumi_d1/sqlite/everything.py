"""Whether a DELETE or UPDATE leaves a row out. SQLite says so: what is true without a table is true of every row."""

from __future__ import annotations

import apsw

from pulumi_d1.sqlite.statements import clause


def is_meant(sql: str) -> bool:
    """Tell whether a DELETE or UPDATE concerns every row of its table: it has no WHERE, or one that is always true."""
    condition = clause(sql, "where", ends=("returning", "order", "limit"))
    if condition is None:
        return True
    try:
        rows = apsw.Connection(":memory:").execute(f"SELECT 1 WHERE {condition}").fetchall()
    except apsw.Error:  # it names a column, a table or a parameter: rows decide
        return False
    return bool(rows)
