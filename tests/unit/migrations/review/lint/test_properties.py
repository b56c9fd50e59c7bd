"""For any text, lint raises nothing and its findings have a place inside the file."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.rehearsal.rehearse import rehearse_both
from pulumi_d1.migrations.rehearsal.rows.options import BasisKind
from pulumi_d1.migrations.review.lint.check import lint
from pulumi_d1.sqlite import schema
from tests.support.lint import live
from tests.support.lint.cases import CASES

_ENDING = [case for case in CASES if not case.budget]  # the others never end, and nothing ends them here
_STATEMENTS = st.sampled_from([text for case in _ENDING for text in (case.sql, case.near) if len(text) < 5_000])
_PIECES = st.sampled_from(
    [
        *("DROP TABLE ", "users", "sessions", "DELETE FROM ", "ALTER TABLE ", " RENAME TO ", " DROP COLUMN ", " ADD "),
        *(
            "CREATE TABLE t",
            " AS SELECT * FROM ",
            "INSERT INTO ",
            "UPDATE ",
            " SET name = ",
            "PRAGMA foreign_keys",
            "=off",
        ),
        *(
            "CREATE TRIGGER r AFTER INSERT ON users BEGIN ",
            " END",
            "begin",
            "CASE",
            "(",
            ")",
            ";",
            "\n",
            "\r\n",
            "\n\n",
            " ",
        ),
        *(
            "-- d1:allow",
            " D102",
            ", D101",
            " why",
            "/* d1:allow D104 x */",
            "--",
            "/*",
            "*/",
            "'",
            '"',
            "`",
            "[",
            "\ufeff",
        ),
        *("_cf_x", "d1_migrations", "EXPLAIN ", "\0", "é", "😀", "1"),
    ]
)
_SCRIPTS = st.lists(st.one_of(_STATEMENTS, _PIECES, st.text(max_size=5)), max_size=12).map("".join)
_OBJECTS = tuple(schema.read(live.database()).objects.values())
_ROWS = live.texts(live.SEED)


@settings(deadline=None, max_examples=300)
@given(st.lists(_SCRIPTS, min_size=1, max_size=3), st.sampled_from(["live", "new", "no database"]))
def test_lint_accepts_any_text(scripts: list[str], database: str) -> None:
    files = [Migration(f"{number:04}.sql", script) for number, script in enumerate(scripts, 4)]
    texts = {file.name: file.sql for file in files}
    kind = {"live": BasisKind.LIVE, "new": BasisKind.NEW, "no database": BasisKind.MADE}[database]
    objects, rows = (_OBJECTS, _ROWS) if database == "live" else ((), ())
    rehearsal, elsewhere = rehearse_both(objects, files, live.TABLE, kind, rows)
    for finding in lint(rehearsal, live.TABLE, elsewhere=elsewhere, exists=database != "no database"):
        lines = texts[finding.name].split("\n")
        assert 1 <= finding.line <= len(lines), finding
        assert 1 <= finding.column <= max(1, len(lines[finding.line - 1])), finding
        assert finding.message
        assert "\n" not in finding.message
