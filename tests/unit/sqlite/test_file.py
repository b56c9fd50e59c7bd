"""A file of another program that cannot be read is one error."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite.file import SqliteFile

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("sql", ["SELECT name FROM t", "SELECT nope"])
def test_text_that_is_not_utf_8_is_an_error_like_any_other(tmp_path: Path, sql: str) -> None:
    path = tmp_path / "local.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE t (name TEXT); INSERT INTO t VALUES (CAST(X'FF' AS TEXT));")
    with pytest.raises(SqlError, match=r"local\.sqlite cannot be read: "):
        SqliteFile(path).read(sql)
