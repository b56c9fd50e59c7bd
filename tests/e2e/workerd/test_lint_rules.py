"""Every rule on files that break it and files that nearly do, compared with the real D1 engine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from d1_emulator.api import splitter
from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.review.lint.check import RULES
from tests.support.lint import live
from tests.support.lint.cases import CASES
from tests.support.sqlite.transcript import Refused

if TYPE_CHECKING:
    from tests.support.lint.cases import Case
    from tests.support.sqlite.transcript import Database
    from tests.support.workerd import Service

_IDS = [f"{case.code}-{number}" for number, case in enumerate(CASES)]
_RECORD = ledger.insert(live.TABLE, "0004_pending.sql")


@pytest.mark.parametrize("case", CASES, ids=_IDS)
def test_a_file_that_breaks_a_rule_has_its_finding(case: Case) -> None:
    findings = live.of_case(case, case.sql)
    assert [item.message for item in findings if item.rule.code == case.code][-1:] == [case.message]
    assert {item.rule.code for item in findings} == {case.code, *case.also}


@pytest.mark.parametrize("case", CASES, ids=_IDS)
def test_a_near_miss_has_no_such_finding(case: Case) -> None:
    assert case.code not in {item.rule.code for item in live.of_case(case, case.near)}


@pytest.mark.parametrize("case", CASES, ids=_IDS)
def test_d1_behaves_as_the_rule_describes(case: Case, real_engine: Service) -> None:
    database = _live(real_engine, case.live)
    if case.refused:
        with pytest.raises(Refused, match=re.escape(case.refused)):
            _run(database, *live.texts(case.sql), _RECORD)
    if case.refused_appended:
        with pytest.raises(Refused, match=re.escape(case.refused_appended)):
            _run(database, f"{case.sql}\n{_RECORD}")
    if case.split_wrong:
        assert _split(case.sql) != live.texts(f"{case.sql}\n{_RECORD}")
    if case.query:
        assert _row(database, case.query) == case.before
        assert _row(database, *live.texts(case.sql), case.query) == case.after


@pytest.mark.parametrize("case", [case for case in CASES if case.code_sql], ids=lambda case: case.code)
def test_running_code_fails_after_the_file_and_survives_the_advice(case: Case, real_engine: Service) -> None:
    database = _live(real_engine, case.live)
    _run(database, case.code_sql)
    for sql in (case.sql, case.near):
        changed = _live(real_engine, case.live)
        _run(changed, *live.texts(sql))
        if sql is case.near:
            _run(changed, case.code_sql)
        else:
            with pytest.raises(Refused, match=re.escape(case.code_refused)):
                _run(changed, case.code_sql)


@pytest.mark.parametrize("case", CASES, ids=_IDS)
def test_d1_accepts_the_near_miss(case: Case, real_engine: Service) -> None:
    database = _live(real_engine, case.live)
    if case.split_wrong:
        assert _split(case.near) == live.texts(f"{case.near}\n{_RECORD}")
    if case.refused_appended:
        _run(database, f"{case.near}\n{_RECORD}")
    else:
        _run(database, *live.texts(case.near), _RECORD)


@pytest.mark.parametrize("case", [case for case in CASES if case.code < "D200" and case.query], ids=lambda c: c.code)
def test_the_advice_keeps_the_rows(case: Case, real_engine: Service) -> None:
    database = _live(real_engine, case.live)
    _run(database, *live.texts(case.near))
    assert _row(database, case.query) == (case.fixed or case.before)


def test_the_rebuild_that_is_recommended_keeps_every_row(real_engine: Service) -> None:
    [case, *_] = (case for case in CASES if case.code == "D101")
    database = _live(real_engine)
    content = "SELECT group_concat(id || coalesce(author_id, '-') || slug) FROM content"
    before = _row(database, content)
    _run(database, *live.texts(case.near), _RECORD)
    assert _row(database, case.query) == case.before
    assert _row(database, content) == before
    assert _run(database, "PRAGMA foreign_key_check") == []
    with pytest.raises(Refused, match="FOREIGN KEY constraint failed"):
        _run(database, "INSERT INTO sessions VALUES ('s9', 99, '2030-01-01', NULL)")


def test_the_rebuild_that_is_recommended_has_no_finding() -> None:
    [case, *_] = (case for case in CASES if case.code == "D101")
    assert live.findings(case.near) == ()


def test_an_empty_table_accepts_a_column_that_only_an_empty_table_accepts(real_engine: Service) -> None:
    for case in CASES:
        if case.code == "D201":
            _run(
                real_engine.new(),
                *(text for item in live.MIGRATIONS for text in live.texts(item.sql)),
                *live.texts(case.sql),
            )


def test_every_rule_has_a_case() -> None:
    assert {case.code for case in CASES} == {rule.code for rule in RULES}


def test_a_code_is_used_once() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))


def test_the_example_migrations_have_no_finding() -> None:
    assert live.of_folder() == ()


def _live(engine: Service, more: str = "") -> Database:
    database = engine.new()
    _run(database, *live.statements(more))
    return database


def _run(database: Database, *texts: str) -> list[list[object]]:
    results = database(tuple({"sql": text} for text in texts))
    return results[-1].rows


def _row(database: Database, *texts: str) -> tuple[object, ...]:
    [row] = _run(database, *texts)
    return tuple(row)


def _split(script: str) -> list[str]:
    """Return the statements into which /query splits what wrangler sends, without comments around them."""
    pieces = splitter.pieces(f"{script}\n{_RECORD}")
    return ["\n".join(live.texts(piece)) for piece in pieces]
