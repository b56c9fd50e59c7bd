"""No value is lost without a finding: random migrations of random databases, with plain SQLite as the judge.

FUZZ_INPUTS is the number of random databases of each test.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_d1.migrations.review.lint import check
from pulumi_d1.sqlite.schema import SchemaObject
from tests.support.lint import live
from tests.support.lint.random_files import TABLES, RandomDatabase

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from pulumi_d1.migrations.review.lint.finding import Finding
    from tests.support.lint.random_files import RandomStatement

_RUNS: Final = settings(
    deadline=None,
    derandomize="FUZZ_INPUTS" not in os.environ,  # the same databases in every run of the suite
    max_examples=int(os.environ.get("FUZZ_INPUTS", "300")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
_TAG: Final = re.compile(r"t[a-d]\d")


@pytest.fixture(autouse=True)
def all_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show all tables in a finding's message."""
    monkeypatch.setattr(check, "_MAX_CHARACTERS", 100_000)
    monkeypatch.setattr(check, "_MAX_SHOWN", 1_000)


class _Plain:
    """The database in plain SQLite.

    Attributes:
        intended: Pairs of tag and column that statements were meant to lose. An empty column stands for all.
        scripts: The files that ran, without refused statements.
        is_refused: True if the last one was refused.
    """

    def __init__(self, database: RandomDatabase) -> None:
        self._connection = apsw.Connection(":memory:")
        for statement in (*database.schema, *database.rows):
            self._connection.execute(statement)
        self._connection.execute("PRAGMA foreign_keys = ON")
        rows = self._connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'"
        )
        self.objects = [SchemaObject(*map(str, row)) for row in rows]
        self.intended: set[tuple[str, str]] = set()
        self.scripts: list[str] = []
        self.is_refused = False

    def run(self, file: Sequence[RandomStatement], *, keeps_refused: bool = False) -> None:
        """Run a file as one transaction. Leave refused statements out, unless the file may be refused."""
        kept = list(file)
        while (refused := self._refused(kept)) is not None and refused < len(kept) and not keeps_refused:
            del kept[refused]
        self.is_refused = refused is not None
        self.scripts.append("\n".join(statement.sql for statement in kept))

    def _refused(self, file: Sequence[RandomStatement]) -> int | None:
        """Run a file and return the index of the refused statement, or their number if the commit is refused."""
        done, intended = 0, set(self.intended)
        self._connection.execute("BEGIN")
        try:
            for statement in file:
                intended |= self._meant(statement)
                self._connection.execute(statement.sql)
                done += 1
            self._connection.execute("COMMIT")
        except apsw.Error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            return done
        self.intended = intended
        return None

    def _meant(self, statement: RandomStatement) -> set[tuple[str, str]]:
        if not statement.intended:
            return set()
        try:
            found = {(str(tag), str(column)) for tag, column in self._connection.execute(statement.intended)}
        except apsw.Error:
            found = {("", "")}  # the tag has another name
        # Of rows without their tag, it is not known which ones they are.
        lost = {name for name in TABLES if name in statement.intended.lower()}
        return found | ({(name, "") for name in lost} if any(not _TAG.fullmatch(tag) for tag, _ in found) else set())

    @property
    def values(self) -> set[tuple[str, str, str]]:
        """Every value with the tag of its row, and the column's first name if it is in its own table."""
        values = set()
        for table in self._tables():
            cursor = self._connection.execute(f"SELECT * FROM {table}")
            for row in cursor:
                for tag in {str(value) for value in row if _TAG.fullmatch(str(value))}:
                    is_own = table == tag[:2]
                    columns = [column.rstrip("123") if is_own else "" for column, _ in cursor.get_description()]
                    values |= {(tag, *item) for item in zip(columns, map(str, row), strict=True) if item[1] != "None"}
        return values

    @property
    def orphans(self) -> set[str]:
        """The tables with rows that reference a missing one, as far as SQLite can check that."""
        found = set()
        for table in self._tables():
            try:
                found |= {str(row[0]) for row in self._connection.execute(f"PRAGMA foreign_key_check({table})")}
            except apsw.Error:
                continue
        return found

    @property
    def broken(self) -> set[str]:
        """The tables that cannot be written and the views that cannot be read, whatever their rows are."""
        uses = {table: f"UPDATE {table} SET tag = tag" for table in self._tables()}
        uses |= {f"{table} ": f"DELETE FROM {table}" for table in self._tables()}
        uses |= {name: f"SELECT * FROM {name}" for name in self._names("view")}
        found = set()
        for name, sql in uses.items():
            try:
                self._connection.execute(f"EXPLAIN {sql}")
            except apsw.SQLError as error:
                if not str(error).startswith("no such column: tag"):
                    found.add(name.strip())
        return found

    def _tables(self) -> list[str]:
        return [name for name in self._names("table") if not name.startswith("sqlite_")]

    def _names(self, kind: str) -> list[str]:
        rows = self._connection.execute("SELECT name FROM sqlite_schema WHERE type = ?", (kind,))
        return [str(name) for (name,) in rows]


def _findings(plain: _Plain, database: RandomDatabase) -> tuple[Finding, ...]:
    return live.of_rows(plain.objects, database.rows, *plain.scripts)


def _report(plain: _Plain, database: RandomDatabase, findings: Sequence[Finding]) -> str:
    shown = [f"{finding.rule.code} {finding.message}" for finding in findings]
    return "\n-- \n".join(["\n".join([*database.schema, *database.rows]), *plain.scripts, "\n".join(shown)])


@_RUNS
@given(st.randoms(use_true_random=False))
def test_nothing_is_lost_without_a_finding(dice: Random) -> None:
    check_losses(dice)


def check_losses(dice: Random) -> None:
    database = RandomDatabase(dice)
    plain = _Plain(database)
    before, orphans, broken = plain.values, plain.orphans, plain.broken
    for _ in range(dice.choice((1, 1, 2))):
        if not plain.is_refused:
            plain.run(database.migration(), keeps_refused=dice.randrange(8) == 0)
    after = plain.values
    often = Counter((tag, value) for tag, _, value in before)
    # Counts decide which missing rows a DELETE ... WHERE explains. If its own rows come back, they hide others.
    hidden = {tag[:2] for tag, _, _ in after if (tag, "") in plain.intended}
    hidden |= {name for name, _ in plain.intended if name in TABLES}
    lost = {
        (tag, column, value)
        for tag, column, value in before - after
        if (tag, "", value) not in after and often[tag, value] == 1 and tag[:2] not in hidden
    }
    lost = {item for item in lost if not plain.intended & {(item[0], ""), item[:2]}}
    findings = _findings(plain, database)
    report = _report(plain, database, findings)
    assert any(finding.refused for finding in findings) == plain.is_refused, report
    named = " ".join(f.message for f in findings if f.rule.code < "D3").lower()
    missing = {tag[:2] for tag, _, _ in lost if not re.search(rf"\b{tag[:2]}(_\w+)?\b", named)}
    assert not missing, f"{sorted(lost)}\n{report}"
    # Rows whose parent one file drops and the next creates again are in neither file's report.
    is_checked = len(plain.scripts) == 1 and "foreign_keys" in report
    for table in plain.orphans - orphans if is_checked else ():
        assert table.lower() in named, f"orphans in {table}\n{report}"
    for name in plain.broken - broken:
        assert name.lower() in named, f"{name} is broken\n{report}"


@_RUNS
@given(st.randoms(use_true_random=False))
def test_what_loses_nothing_has_no_finding(dice: Random) -> None:
    check_harmless(dice)


def check_harmless(dice: Random) -> None:
    database = RandomDatabase(dice)
    plain = _Plain(database)
    before = plain.values
    plain.run(database.harmless_migration(), keeps_refused=True)
    if plain.is_refused:  # such as an index on rows that are not unique
        return
    assert before <= plain.values
    findings = _findings(plain, database)
    report = _report(plain, database, findings)
    assert not [finding for finding in findings if finding.rule.code < "D3"], report
