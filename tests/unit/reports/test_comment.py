"""In a pull request comment no user text becomes markup, and the comment is never longer than GitHub's limit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.plan import DEFAULT_POLICY, FolderProblem, Problem, Severity, make_plan
from pulumi_d1.migrations.review.lint.finding import Finding, Rule
from pulumi_d1.migrations.review.review import Review, review_new_database, review_offline
from pulumi_d1.reports.change_diagram import MOST_TABLES
from pulumi_d1.reports.comment import LIMIT, MARKER, render_comment
from pulumi_d1.reports.stack_report import StackReport
from pulumi_d1.sqlite.difference import ChangeKind, SchemaChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

PARSER = MarkdownIt("commonmark").enable("table")
NASTY = st.text(st.sampled_from("a`|\\@<>#*_[]()!~&; \n\r\t-")).map(lambda text: f"{text}OURS{text}")
FOLD = re.compile(r"<details><summary>[A-Za-z ]+ \(\d+\)</summary>\n|</details>\n")
HEADING = r"^(?:\*\*(.+)\*\*|<details><summary>(.+) \(\d+\)</summary>)$"
RULE = Rule("D101", "rows go", "why", "Do something else.")


def report_with(names: Sequence[str], obstacle: str = "", **about: str) -> StackReport:
    """Return a stack in which every text of the user's is one of `names`."""
    files = [Migration(name, "") for name in names]
    problems = tuple(FolderProblem(Problem.RENAMED, name, name) for name in names)
    plan = make_plan(files, [], {})
    changes = tuple(SchemaChange(ChangeKind.ADDED, "table", name, name) for name in names)
    findings = tuple(
        Finding(RULE, Severity.ERROR, name, 1, 1, name, waiver=waiver) for name in names for waiver in ("", name)
    )
    reviewed = Review(type(plan)(plan.pending, plan.applied, problems), None, obstacle, changes, findings, changes)
    return StackReport(about.get("stack", "prod"), "shop-db-prod", "migrations", reviewed, DEFAULT_POLICY)


def tokens(markdown: str) -> Iterator[Token]:
    for token in PARSER.parse(markdown):
        yield from token.children or [token]


def headings(markdown: str) -> list[str]:
    return [bold or folded for bold, folded in re.findall(HEADING, markdown, re.MULTILINE)]


@settings(deadline=None)
@given(st.lists(NASTY, min_size=1, max_size=4), NASTY)
def test_user_text_is_in_code_and_nowhere_else(names: list[str], more: str) -> None:
    shown = list(tokens(render_comment([report_with(names, obstacle=more), StackReport(more, error=more)])))
    outside = [token for token in shown if token.type not in {"code_inline", "fence"}]
    assert [token.content for token in outside if "OURS" in token.content] == []
    html = {token.content for token in outside if token.type.startswith("html")}
    assert {text for text in html if not FOLD.fullmatch(text)} <= {f"{MARKER}\n", "<br>"}
    assert len([token for token in shown if token.type == "fence"]) == 3
    assert len([token for token in shown if token.type == "td_open"]) == 12


def test_a_comment_that_fits_has_everything() -> None:
    names = [f"{number:04}.sql" for number in range(50)]
    text = render_comment([report_with(names)])
    assert text.startswith(f"{MARKER}\n")
    assert headings(text) == [
        "Errors",
        "Pending",
        "Schema changes",
        "Warnings",
        "Drift",
        "Allowed in the files",
    ]
    assert " more: " not in text
    for name in names:
        assert text.count(name) == 11


def test_a_comment_that_would_be_too_long_shows_some_of_everything_and_counts_the_rest() -> None:
    names = [f"{number:05}_{'ä' * 40}.sql" for number in range(3000)]
    text = render_comment([report_with(names, stack="dev"), report_with(names)])
    size = len(text.encode())
    assert LIMIT * 0.9 < size <= LIMIT
    assert headings(text) == headings(render_comment([report_with(names[:1], stack="dev"), report_with(names[:1])]))
    for stack in ("dev", "prod"):
        rest = [int(count) for count in re.findall(rf"… and (\d+) more: `d1 plan --stack {stack}` prints", text)]
        assert len(rest) == 6
        (left,) = set(rest)
        assert 0 < 3000 - left < 100, "all blocks show as many"


def test_more_stacks_than_fit_are_counted() -> None:
    names = [f"0001_{'x' * 300}.sql"]
    text = render_comment([report_with(names, stack=f"pr-{number}") for number in range(2000)])
    assert len(text.encode()) <= LIMIT
    (rest,) = re.findall(r"… and ([\d,]+) more environments: `d1 plan --stack NAME` prints each\.", text)
    assert text.count("#### `pr-") == 2000 - int(rest.replace(",", "")) > 10


def test_an_offline_report_names_what_is_unknown() -> None:
    reviewed = review_offline([Migration("0001.sql", "CREATE TABLE a (b);")], "d1_migrations")
    text = render_comment([StackReport("dev", "shop-db-dev", "migrations", reviewed, DEFAULT_POLICY, offline=True)])
    assert "| Development | `shop-db-dev` | - | 1 | 0 | 0 |" in text
    assert "✅ These files run without errors on an empty database." in text
    assert "This run had no access to the database" in text


def test_the_changed_part_of_the_schema_is_a_diagram_and_its_lines_are_folded() -> None:
    reviewed = review_new_database([Migration("0001.sql", "CREATE TABLE a (b);")], "d1_migrations")
    text = render_comment([StackReport("dev", "shop-db-dev", "migrations", reviewed, DEFAULT_POLICY)])
    diagram, folded = text.partition("**Schema**\n\n```mermaid\n")[2].split("\n```\n", 1)
    assert diagram.startswith('flowchart LR\n  t0["<b>#43; a</b><br>b"]:::added\n')
    assert folded.startswith(
        "\n<details><summary>Schema changes (1)</summary>\n\n```diff\n+ table a  b\n```\n\n</details>\n"
    )


def test_a_diagram_that_is_too_large_names_the_command_for_the_rest() -> None:
    sql = "".join(f"CREATE TABLE t{number} (a);" for number in range(50))
    reviewed = review_new_database([Migration("0001.sql", sql)], "d1_migrations")
    text = render_comment([StackReport("dev", "shop-db-dev", "migrations", reviewed, DEFAULT_POLICY)])
    assert f"\n```\n\n… and {50 - MOST_TABLES} more: `d1 plan --stack dev` prints all of them.\n" in text
