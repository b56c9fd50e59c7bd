"""The comment of a pull request: nothing of the user's becomes markup, and it is never longer than GitHub takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.live import NEW
from pulumi_d1.migrations.plan import DEFAULT_POLICY, FolderProblem, Problem, Severity, make_plan
from pulumi_d1.migrations.review.lint.finding import Finding, Rule
from pulumi_d1.migrations.review.review import Review, review_files
from pulumi_d1.reports.comment import LIMIT, MARKER, Subject, comment
from pulumi_d1.sqlite.difference import ChangeKind, SchemaChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

PARSER = MarkdownIt("commonmark").enable("table")
NASTY = st.text(st.sampled_from("a`|\\@<>#*_[]()!~&; \n\r\t-")).map(lambda text: f"{text}OURS{text}")
RULE = Rule("D101", "rows go", "why", "Do something else.")


def texts(names: Sequence[str], obstacle: str = "", **about: str) -> Subject:
    """A stack of which everything that users name is one of `names`."""
    files = [Migration(name, "") for name in names]
    problems = tuple(FolderProblem(Problem.RENAMED, name, name) for name in names)
    plan = make_plan(files, [], {})
    changes = tuple(SchemaChange(ChangeKind.ADDED, "table", name, name) for name in names)
    findings = tuple(
        Finding(RULE, Severity.ERROR, name, 1, 1, name, waiver=waiver) for name in names for waiver in ("", name)
    )
    found = Review(type(plan)(plan.pending, plan.applied, problems), None, obstacle, changes, findings, changes)
    return Subject(about.get("stack", "prod"), "shop-db-prod", "migrations", found, DEFAULT_POLICY)


def tokens(markdown: str) -> Iterator[Token]:
    for token in PARSER.parse(markdown):
        yield from token.children or [token]


def headings(markdown: str) -> list[str]:
    return re.findall(r"^\*\*(.+)\*\*$", markdown, re.MULTILINE)


@settings(deadline=None)
@given(st.lists(NASTY, min_size=1, max_size=4), NASTY)
def test_what_users_name_stands_in_code_and_nowhere_else(names: list[str], more: str) -> None:
    shown = list(tokens(comment([texts(names, obstacle=more), Subject(more, error=more)])))
    outside = [token for token in shown if token.type not in {"code_inline", "fence"}]
    assert [token.content for token in outside if "OURS" in token.content] == []
    assert {token.content for token in outside if token.type.startswith("html")} <= {f"{MARKER}\n", "<br>"}
    assert len([token for token in shown if token.type == "fence"]) == 3
    assert len([token for token in shown if token.type == "td_open"]) == 12


def test_a_comment_that_fits_has_everything() -> None:
    names = [f"{number:04}.sql" for number in range(50)]
    text = comment([texts(names)])
    assert text.startswith(f"{MARKER}\n")
    assert headings(text) == [
        "Errors",
        "Pending",
        "Schema after that",
        "Warnings",
        "Drift",
        "Allowed by the files themselves",
    ]
    assert " more: " not in text
    for name in names:
        assert text.count(name) == 11


def test_a_comment_that_would_be_too_long_shows_some_of_everything_and_counts_the_rest() -> None:
    names = [f"{number:05}_{'ä' * 40}.sql" for number in range(3000)]
    text = comment([texts(names, stack="dev"), texts(names)])
    size = len(text.encode())
    assert LIMIT * 0.9 < size <= LIMIT
    assert headings(text) == headings(comment([texts(names[:1], stack="dev"), texts(names[:1])]))
    for stack in ("dev", "prod"):
        rest = [int(count) for count in re.findall(rf"… and (\d+) more: `d1 plan --stack {stack}` prints", text)]
        assert len(rest) == 6
        (left,) = set(rest)
        assert 0 < 3000 - left < 100, "all blocks show as many"


def test_more_stacks_than_fit_are_counted() -> None:
    names = [f"0001_{'x' * 300}.sql"]
    text = comment([texts(names, stack=f"pr-{number}") for number in range(2000)])
    assert len(text.encode()) <= LIMIT
    (rest,) = re.findall(r"… and (\d+) environments more: `d1 plan --stack NAME` prints each\.", text)
    assert text.count("#### `pr-") == 2000 - int(rest) > 10


def test_offline_says_what_is_not_known() -> None:
    done = review_files([Migration("0001.sql", "CREATE TABLE a (b);")], NEW, "d1_migrations", {}, lambda _: None)
    text = comment([Subject("dev", "shop-db-dev", "migrations", done, DEFAULT_POLICY, offline=True)])
    assert "| Development | `shop-db-dev` | - | 1 | 0 | 0 |" in text
    assert "✅ Nothing stops these files on an empty database." in text
    assert "No database was asked" in text
