"""Lint reports statements that D1 refuses because of existing rows exactly when the real D1 refuses them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.lint import live
from tests.support.sqlite.transcript import Refused

if TYPE_CHECKING:
    from tests.support.workerd import Service

_DECLARED: Final = ("", "ON DELETE RESTRICT", "ON DELETE NO ACTION", "DEFERRABLE INITIALLY DEFERRED")
_PRAGMAS: Final = (
    ("", ""),
    ("PRAGMA defer_foreign_keys = ON;", ""),
    ("PRAGMA defer_foreign_keys = ON;", "PRAGMA defer_foreign_keys = OFF;"),
    ("PRAGMA defer_foreign_keys = ON; PRAGMA defer_foreign_keys = OFF;", ""),
    ("PRAGMA foreign_keys = OFF;", "PRAGMA foreign_keys = ON;"),
)
_BODIES: Final = (
    "CREATE TABLE n (id INTEGER PRIMARY KEY); INSERT INTO n SELECT * FROM p; DROP TABLE p; ALTER TABLE n RENAME TO p;",
    "CREATE TABLE k AS SELECT * FROM p; DROP TABLE p; CREATE TABLE p (id PRIMARY KEY); INSERT INTO p SELECT * FROM k;",
    "DELETE FROM p;",
    "DROP TABLE c; DROP TABLE p;",
)


@pytest.mark.parametrize("pragmas", _PRAGMAS, ids=lambda pair: "".join(pair) or "no PRAGMA")
def test_a_referenced_table_has_a_finding_if_and_only_if_d1_refuses(
    pragmas: tuple[str, str], real_engine: Service
) -> None:
    for declared, body in itertools.product(_DECLARED, _BODIES):
        more = (
            f"CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p INTEGER REFERENCES p (id) {declared});"
            "INSERT INTO p VALUES (1), (2); INSERT INTO c VALUES (1), (NULL);"
        )
        file = f"{pragmas[0]} {body} {pragmas[1]}"
        database = real_engine.new()
        database(tuple({"sql": text} for text in live.texts(more)))
        try:
            database(tuple({"sql": text} for text in live.texts(file)))
            refused = False
        except Refused:
            refused = True
        findings = [item for item in live.findings(file, more=more) if item.rule.code == "D209"]
        assert bool(findings) is refused, (declared, file)
        assert all(item.refused and "while rows of c (p) reference it" in item.message for item in findings)


def test_without_rows_it_is_a_warning_that_stops_nothing() -> None:
    more = "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p INTEGER REFERENCES p (id));"
    findings = live.findings("DROP TABLE p;", "ALTER TABLE c ADD COLUMN d NOT NULL;", more=more)
    assert [(item.rule.code, item.severity, item.refused) for item in findings] == [
        ("D112", "error", False),
        ("D201", "warning", False),
    ]
    assert findings[0].message == (
        "UPDATE c, INSERT INTO c and DELETE FROM c fail afterwards (no such table: main.p), because of DROP TABLE p"
    )
    assert ", and c has no rows now: " in findings[1].message


def test_without_a_database_a_column_that_rows_prevent_is_an_error() -> None:
    [finding] = live.of_folder("ALTER TABLE users ADD COLUMN role NOT NULL;")
    assert (finding.rule.code, finding.severity, finding.refused) == ("D201", "error", False)
    assert ", and users may have rows: " in finding.message


def test_a_long_error_is_shortened_to_one_line() -> None:
    [finding] = live.findings(f"SELECT 'it never{chr(10) * 3}ends{'.' * 5_000}")
    assert finding.rule.code == "D200"
    assert finding.message.startswith("unrecognized token: \"'it never ends...")
    assert finding.message.endswith("at offset 7: SQLITE_ERROR")
    assert len(finding.message) < 500
