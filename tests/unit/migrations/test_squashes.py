"""Squashed files: the marks in them, and what a plan makes of a ledger with the files that they stand for."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import ConfigError, PlanRefused
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.plan import MigrationPlan, Problem, make_plan
from pulumi_d1.migrations.quarantine import Quarantine
from pulumi_d1.migrations.review.review import raise_on_errors, review_without_rehearsal
from pulumi_d1.migrations.squashes import (
    SquashedText,
    ledger_after_swaps,
    read_squashed,
    squash_marks,
    squashed_texts,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

OLD = [Migration(f"000{number}_{name}.sql", f"CREATE TABLE {name} (a);") for number, name in enumerate("abc", 1)]
NAMES = [file.name for file in OLD]
SQUASH = Migration(
    "0003_squashed.sql",
    f"-- Migration number: 0003\n{squash_marks(squashed_texts(OLD))}\n"
    "CREATE TABLE a (a); CREATE TABLE b (a); CREATE TABLE c (a);",
)
LATER = Migration("0004_d.sql", "CREATE TABLE d (a);")


def plan(
    *applied: str, files: tuple[Migration, ...] = (SQUASH, LATER), recorded: Mapping[str, str] = MappingProxyType({})
) -> MigrationPlan[Migration]:
    return make_plan(files, applied, recorded)


def problems(made: MigrationPlan[Migration]) -> list[tuple[Problem, str]]:
    return [(problem.problem, problem.name) for problem in made.problems]


def test_marks_are_read_as_they_were_written_whatever_is_in_a_name() -> None:
    names = ("0001_a.sql", '2 it\'s; 100%, `x` "y"/migration.sql', "3_ä@.sql", " 4.sql", "5@0123456789ab, 6.sql")
    texts = [SquashedText(name, "0" * 12, names[2] if name < names[2] else "") for name in names]
    marks = squash_marks(texts)
    assert not set("'\"`;") & set(marks)  # Cloudflare would split the comment wrongly
    assert read_squashed(f"-- first\n{marks}-- more\nSELECT 1;\n{squash_marks(texts)}") == tuple(texts)
    assert read_squashed(f"SELECT 1;\n{marks}") == ()


def test_an_editor_that_adds_a_mark_or_blank_lines_changes_nothing() -> None:
    marks = squash_marks([SquashedText("0001_a.sql", "0" * 12)])
    for text in (f"\ufeff{marks}", f"/* first */\n  \n  {marks}", f"-- first\n{marks}".replace("\n", "\r\n")):
        assert [file.name for file in read_squashed(text)] == ["0001_a.sql"]


def test_a_file_that_is_named_twice_is_an_error() -> None:
    marks = squash_marks([SquashedText("0001_a.sql", "0" * 12), SquashedText("0001_a.sql", "1" * 12)])
    with pytest.raises(ConfigError, match=r"^line 2 names 0001_a\.sql again"):
        read_squashed(marks)


@pytest.mark.parametrize(
    "mark",
    [
        "-- d1:squashes 0001_a.sql",
        "--d1:squashes 0001_a.sql@000000000000",
        "/* d1:squashes 0001_a.sql@000000000000 */",
        "/*\n-- d1:squashes 0001_a.sql@000000000000\n*/",
        "-- was d1:squashes 0001_a.sql@000000000000",
    ],
)
def test_a_mark_with_another_form_is_an_error_with_its_place(mark: str) -> None:
    with pytest.raises(ConfigError, match=r"^1_a.sql: line 2 should be '-- d1:squashes NAME@DIGEST'"):
        _ = Migration("1_a.sql", f"-- a\n{mark}\nSELECT 1;").squashed


def test_a_mark_within_a_file_that_no_mark_names_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"^a line names 0001_a\.sql within 0003_squashed\.sql, which no line names"):
        read_squashed(squash_marks([SquashedText("0001_a.sql", "0" * 12, "0003_squashed.sql")]))


def test_a_new_database_runs_the_squashed_file() -> None:
    made = plan()
    assert made.pending[0] == SQUASH
    assert problems(made) == []


def test_a_ledger_with_all_old_files_only_gets_its_rows_swapped() -> None:
    made = plan(*NAMES, LATER.name)  # a later file is applied: the swap is not out of order
    [swap] = made.pending
    assert (swap.name, swap.sql, swap.replaces) == (SQUASH.name, "", tuple(NAMES))
    assert problems(made) == []
    assert problems(plan(SQUASH.name, LATER.name)) == []


@pytest.mark.parametrize("applied", [NAMES[:1], NAMES[1:], [*NAMES[:2], LATER.name]])
def test_a_stack_that_is_behind_is_refused_whatever_its_policy(applied: list[str]) -> None:
    made = plan(*applied)
    assert problems(made)[0] == (Problem.SQUASHED, SQUASH.name)
    missing = next(name for name in NAMES if name not in applied)
    assert f"stands for 3 files, but {missing}" in made.problems[0].message
    assert f"check out the last commit that has {missing}" in made.problems[0].message
    review = review_without_rehearsal([SQUASH, LATER], applied, {}, "")
    with pytest.raises(PlanRefused, match="check out the last commit that has"):
        raise_on_errors(review, "migrations", {})


def test_old_files_that_are_still_in_the_folder_are_an_error() -> None:
    for applied in ((), NAMES):
        made = plan(*applied, files=(OLD[2], SQUASH))
        assert (Problem.SQUASHED, SQUASH.name) in problems(made)
        assert "finish with 'd1 squash --through 0003_c.sql'" in made.problems[-1].message


@pytest.mark.parametrize("applied", [[], NAMES, [SQUASH.name], ["0002_twin.sql", NAMES[2]]])
def test_two_files_that_stand_for_the_same_are_refused(applied: list[str]) -> None:
    twin = Migration("0002_twin.sql", squash_marks(squashed_texts(OLD[:2])))
    [problem] = [problem for problem in plan(*applied, files=(twin, SQUASH)).problems if "so does" in problem.message]
    assert (problem.problem, problem.name) == (Problem.SQUASHED, SQUASH.name)
    assert problem.message.startswith("stands for 0001_a.sql and 1 more, and so does 0002_twin.sql: ")
    assert ledger_after_swaps([SQUASH, twin], NAMES) == (SQUASH.name,)


def test_another_text_than_the_squashed_one_is_reported_as_edited() -> None:
    assert problems(plan(*NAMES, recorded={"0002_b.sql": "f" * 64})) == [(Problem.EDITED, SQUASH.name)]
    assert problems(plan(*NAMES, recorded={"0002_b.sql": OLD[1].sha256})) == []


def test_a_restore_that_undid_the_swap_needs_no_release() -> None:
    quarantine = Quarantine("prod").with_texts([(SQUASH.name, SQUASH.sha256)])
    assert problems(make_plan([SQUASH], NAMES, {}, quarantine)) == []
    assert problems(make_plan([SQUASH], [], {}, quarantine)) == [(Problem.QUARANTINED, SQUASH.name)]


def test_a_quarantined_text_stays_refused_in_a_squashed_file() -> None:
    quarantine = Quarantine("prod").with_texts([(OLD[1].name, OLD[1].sha256)])
    [problem] = make_plan([SQUASH], [], {}, quarantine).problems
    assert (problem.problem, problem.name) == (Problem.QUARANTINED, SQUASH.name)
    assert problem.message.startswith("has the text of 0002_b.sql, which was undone by a restore")
    assert "'d1 release 0002_b.sql --stack prod'" in problem.message
    assert problems(make_plan([SQUASH], NAMES, {}, quarantine)) == []


def squash(name: str, *files: Migration) -> Migration:
    return Migration(name, f"{squash_marks(squashed_texts(files))}SELECT 1;")


AGAIN = squash("0004_squashed.sql", SQUASH, LATER)
LAST = Migration("0005_e.sql", "CREATE TABLE e (a);")


@pytest.mark.parametrize("applied", [[SQUASH.name, LATER.name], [*NAMES, LATER.name]])
def test_a_squash_of_a_squash_takes_the_place_of_the_first_or_of_its_files(applied: list[str]) -> None:
    made = plan(*applied, files=(AGAIN,))
    assert [text.name for text in AGAIN.squashed] == [*NAMES, SQUASH.name, LATER.name]
    assert (made.pending[0].replaces, problems(made)) == (tuple(applied), [])
    assert ledger_after_swaps([AGAIN], applied) == (AGAIN.name,)
    third = squash("0005_squashed.sql", AGAIN, LAST)
    for ledger in (applied, [AGAIN.name]):
        made = plan(*ledger, LAST.name, files=(third,))
        assert (made.pending[0].replaces, problems(made)) == ((*ledger, LAST.name), [])


@pytest.mark.parametrize(
    ("applied", "message"),
    [
        (NAMES, "stands for 4 files, but 0004_d.sql is not applied here: check out the last commit that has 0004_d"),
        ([SQUASH.name], "stands for 2 files, but 0004_d.sql is not applied here"),
        (NAMES[:2], "stands for 4 files, but 0003_c.sql and 1 more is not applied here"),
        ([LATER.name], "stands for 4 files, but 0001_a.sql and 2 more is not applied here"),
    ],
)
def test_a_stack_that_is_behind_the_first_of_two_squashes_is_refused(applied: list[str], message: str) -> None:
    [problem] = plan(*applied, files=(AGAIN,)).problems
    assert (problem.problem, problem.message.startswith(message)) == (Problem.SQUASHED, True)


def test_a_second_squash_that_was_killed_is_reported_as_such() -> None:
    for applied in ([], [SQUASH.name, LATER.name], [*NAMES, LATER.name]):
        [problem] = plan(*applied, files=(SQUASH, AGAIN)).problems
        assert problem.message.startswith("stands for 0003_squashed.sql, which is still in the folder")


def test_another_text_than_one_of_the_first_squash_is_reported_as_edited() -> None:
    made = plan(*NAMES, LATER.name, files=(AGAIN,), recorded={NAMES[0]: "f" * 64})
    assert problems(made) == [(Problem.EDITED, AGAIN.name)]


def test_the_order_of_the_ledger_stays() -> None:
    ledger = ["0000.sql", "0001_a.sql", "0004_d.sql", "0003_c.sql", "0002_b.sql", "0005.sql"]
    assert ledger_after_swaps([SQUASH], ledger) == ("0000.sql", SQUASH.name, "0004_d.sql", "0005.sql")
    assert ledger_after_swaps([SQUASH], ledger[:3]) == tuple(ledger[:3])
