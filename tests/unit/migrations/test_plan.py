"""The folder compared with the ledger: pending files and problems."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_d1.errors import PlanRefused
from pulumi_d1.migrations.folder import Migration, sort_key
from pulumi_d1.migrations.plan import MigrationPlan, Problem, Severity, make_plan
from pulumi_d1.migrations.review.review import raise_on_errors, review_without_rehearsal


def files(*names: str, **texts: str) -> list[Migration]:
    """Return migrations whose text is their name, unless given: `_1_a="SELECT 1"` is the text of `1_a.sql`."""
    given_texts = {f"{name.removeprefix('_')}.sql": text for name, text in texts.items()}
    return [Migration(name, given_texts.get(name, name)) for name in sorted(names, key=sort_key)]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def kinds_and_names(plan: MigrationPlan[Migration]) -> list[tuple[Problem, str]]:
    return [(problem.problem, problem.name) for problem in plan.problems]


def test_a_file_that_is_not_in_the_ledger_is_pending_and_keeps_its_place() -> None:
    plan = make_plan(files("1_a.sql", "2_b.sql", "3_c.sql"), ["1_a.sql"], {})
    assert [migration.name for migration in plan.pending] == ["2_b.sql", "3_c.sql"]
    assert plan.applied == ("1_a.sql",)
    assert plan.problems == ()


def test_an_applied_file_with_another_text_is_edited() -> None:
    plan = make_plan(files("1_a.sql", _1_a="new"), ["1_a.sql"], {"1_a.sql": digest("old")})
    assert kinds_and_names(plan) == [(Problem.EDITED, "1_a.sql")]


def test_an_applied_file_of_which_no_digest_is_known_counts_as_unchanged() -> None:
    assert make_plan(files("1_a.sql"), ["1_a.sql"], {}).problems == ()


def test_a_pending_file_that_changed_before_it_ran_is_not_edited() -> None:
    assert make_plan(files("1_a.sql", _1_a="new"), [], {"1_a.sql": digest("old")}).problems == ()


def test_an_applied_file_that_is_gone_is_missing() -> None:
    plan = make_plan(files("2_b.sql"), ["1_a.sql", "2_b.sql"], {"1_a.sql": digest("1_a.sql")})
    assert kinds_and_names(plan) == [(Problem.MISSING, "1_a.sql")]


def test_the_same_text_under_another_name_is_renamed_and_not_missing() -> None:
    plan = make_plan(files("1_z.sql", _1_z="text"), ["1_a.sql"], {"1_a.sql": digest("text")})
    assert kinds_and_names(plan) == [(Problem.RENAMED, "1_z.sql")]
    assert "has the text of 1_a.sql, which is applied, so it would run a second time" in plan.problems[0].message


def test_a_new_file_before_an_applied_one_is_out_of_order() -> None:
    plan = make_plan(files("1_a.sql", "2_b.sql", "10_c.sql", "11_d.sql"), ["1_a.sql", "10_c.sql"], {})
    assert kinds_and_names(plan) == [(Problem.OUT_OF_ORDER, "2_b.sql")]


def duplicates(names: list[str], applied: list[str]) -> list[str]:
    """Return the lines about duplicate numbers."""
    plan = make_plan(files(*names), applied, {})
    return [item.in_folder("sql") for item in plan.problems if item.problem is Problem.DUPLICATE_NUMBER]


def test_two_files_with_one_number_are_reported_while_one_of_them_is_pending() -> None:
    both = ["0002_a.sql", "2_b.sql", "3_c.sql"]
    assert duplicates(both, []) == ["sql/2_b.sql has the same number as 0002_a.sql: renumber one of them"]
    assert duplicates(both, ["0002_a.sql", "2_b.sql"]) == []


@pytest.mark.parametrize(("applied", "pending"), [("0002_a.sql", "2_b.sql"), ("2_b.sql", "0002_a.sql")])
def test_a_duplicate_number_names_the_pending_file_never_the_applied_one(applied: str, pending: str) -> None:
    expected = f"sql/{pending} has the same number as {applied}, which is applied: give it a higher number"
    assert duplicates(["0002_a.sql", "2_b.sql"], [applied]) == [expected]


def test_each_pending_file_is_named_once_beside_applied_ones_with_its_number() -> None:
    names = ["4_a.sql", "4_b.sql", "4_c.sql", "4_d.sql"]
    assert [line.partition(" ")[0] for line in duplicates(names, ["4_b.sql", "4_d.sql"])] == [
        "sql/4_a.sql",
        "sql/4_c.sql",
    ]
    assert {line.partition(" ")[2] for line in duplicates(names, ["4_b.sql", "4_d.sql"])} == {
        "has the same number as 4_b.sql, which is applied: give it a higher number"
    }


EMPTY = ["", "\n\t \f\r\n", "\ufeff", ";", "-- Migration number: 0004 \t 2026-11-29T12:00:00.000Z\n"]
EMPTY += ["\ufeff-- a\n;\n/* CREATE TABLE t (a); */;", "/* never closed; DROP TABLE t;", "--> statement-breakpoint"]


@pytest.mark.parametrize("text", EMPTY)
def test_a_pending_file_without_a_statement_is_a_problem_and_an_applied_one_is_not(text: str) -> None:
    folder = [Migration("1_a.sql", text)]
    [problem] = make_plan(folder, [], {}).problems
    assert (problem.problem, problem.name) == (Problem.EMPTY, "1_a.sql")
    assert problem.in_folder("sql").startswith("sql/1_a.sql has no statement: it would be recorded as applied")
    assert make_plan(folder, ["1_a.sql"], {}).problems == ()


@pytest.mark.parametrize("text", ["SELECT 1;", "-- a\nSELECT 1", ";;/* b */ PRAGMA foreign_keys = ON;", "'", "\u00a0"])
def test_a_file_with_a_statement_is_not_empty(text: str) -> None:
    assert make_plan([Migration("1_a.sql", text)], [], {}).problems == ()


def test_an_empty_file_is_not_taken_for_another_empty_one_that_was_renamed() -> None:
    plan = make_plan([Migration("2_b.sql", "")], ["1_a.sql"], {"1_a.sql": digest("")})
    assert kinds_and_names(plan) == [(Problem.MISSING, "1_a.sql"), (Problem.EMPTY, "2_b.sql")]


def test_a_name_that_changed_its_case_is_renamed_and_does_not_run_again() -> None:
    plan = make_plan(files("1_äb.sql"), ["1_ÄB.sql"], {})
    assert kinds_and_names(plan) == [(Problem.RENAMED, "1_äb.sql")]
    assert "is applied as 1_ÄB.sql" in plan.problems[0].message
    two_files = make_plan(files("1_a.sql", "1_A.sql", "2_b.sql"), ["1_A.sql"], {})
    assert Problem.RENAMED not in [problem for problem, _ in kinds_and_names(two_files)]


def test_files_without_a_number_have_none_in_common() -> None:
    assert make_plan(files("a.sql", "b.sql"), [], {}).problems == ()


def test_a_number_belongs_to_the_folder_that_has_it() -> None:
    one_folder = files("1_a/down.sql", "1_a/up.sql", "2_b/migration.sql")
    assert make_plan(one_folder, [], {}).problems == ()
    two_folders = files("1_a/migration.sql", "1_b/migration.sql")
    assert kinds_and_names(make_plan(two_folders, [], {})) == [(Problem.DUPLICATE_NUMBER, "1_b/migration.sql")]


@pytest.mark.parametrize("severity", Severity)
def test_the_policy_decides_what_stops_a_run(severity: Severity) -> None:
    reviewed = review_without_rehearsal(files("1_a.sql", "2_b.sql"), ["2_b.sql"], {}, "")
    policy = {Problem.OUT_OF_ORDER: severity}
    assert [finding.name for finding in reviewed.plan.of(severity, policy)] == ["1_a.sql"]
    if severity is Severity.ERROR:
        with pytest.raises(PlanRefused, match=r"nothing was applied:\n  sql/1_a\.sql sorts before 2_b\.sql"):
            raise_on_errors(reviewed, "sql", policy)
    else:
        raise_on_errors(reviewed, "sql", policy)


NAMES = st.builds("{}_{}.sql".format, st.integers(0, 12), st.sampled_from("abc"))
FOLDER = st.dictionaries(NAMES, st.sampled_from(["w", "x", "y", "z"]))


@given(folder=FOLDER, history=FOLDER, ledger_order=st.randoms(use_true_random=False))
def test_a_plan_agrees_with_a_slow_implementation_of_the_rules(
    folder: dict[str, str], history: dict[str, str], ledger_order: object
) -> None:
    applied = sorted(history)
    ledger_order.shuffle(applied)  # type: ignore[attr-defined]  # random.Random, which hypothesis does not name
    migrations = [Migration(name, folder[name]) for name in sorted(folder, key=sort_key)]
    plan = make_plan(migrations, applied, {name: digest(text) for name, text in history.items()})

    pending = [name for name in folder if name not in history]
    assert [migration.name for migration in plan.pending] == sorted(pending, key=sort_key)
    expected = set()
    for name, text in history.items():
        if name in folder:
            if folder[name] != text:
                expected.add((Problem.EDITED, name))
        elif not any(folder[new] == text for new in pending):
            expected.add((Problem.MISSING, name))
    for new in pending:
        if any(sort_key(new) < sort_key(old) for old in history):
            expected.add((Problem.OUT_OF_ORDER, new))
    relevant = {Problem.EDITED, Problem.MISSING, Problem.OUT_OF_ORDER}
    assert {item for item in kinds_and_names(plan) if item[0] in relevant} == expected
    for problem, name in kinds_and_names(plan):
        if problem is Problem.RENAMED:
            assert name in pending
            assert any(old not in folder and history[old] == folder[name] for old in history)
