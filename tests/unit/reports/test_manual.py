"""The topics of `d1 explain`, read from the pages of this repository."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.review.lint.check import RULES
from pulumi_d1.reports.manual import Topic, TopicKind, find_topics, read_topics
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pulumi_d1.migrations.review.lint.finding import Rule

FOLDER = ROOT / "docs"
TOPICS = read_topics({file.relative_to(FOLDER).as_posix(): file.read_text() for file in sorted(FOLDER.rglob("*.md"))})


def find(name: str) -> list[Topic]:
    return list(find_topics(TOPICS, name))


def named(kind: TopicKind) -> list[str]:
    return [topic.name for topic in TOPICS if topic.kind is kind]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_the_command_of_a_finding_prints_the_section_of_its_rule(rule: Rule) -> None:
    [topic] = find(rule.documentation.removeprefix("d1 explain "))
    assert topic.text.startswith(f"## {topic.name}: {topic.title}\n")
    assert len(re.findall(r"^## ", topic.text, re.MULTILINE)) == 1, "it ends before the next rule"
    assert "No finding in:" in topic.text


def test_every_term_and_every_page_is_a_topic() -> None:
    rows = [line for line in (FOLDER / "glossary.md").read_text().splitlines() if line.startswith("| ")]
    assert len(named(TopicKind.TERM)) == len(rows) - 1
    assert len(named(TopicKind.PAGE)) == len(list(FOLDER.rglob("*.md")))
    assert {"failures", "pull-requests", "adr-0004"} <= set(named(TopicKind.PAGE))
    assert all(topic.title for topic in TOPICS)


def test_a_name_is_unique_within_its_kind() -> None:
    for kind in TopicKind:
        assert len(set(named(kind))) == len(named(kind))


def test_no_topic_has_a_link_that_leads_nowhere_in_a_terminal() -> None:
    for topic in TOPICS:
        assert re.findall(r"\]\((?!https?:)[^)]+\)", topic.text) == [], topic.name
        for name in re.findall(r"`d1 explain ([^`]+)`", topic.text):
            assert find(name), f"{topic.name} names {name}"


def test_a_term_names_the_command_of_its_page() -> None:
    [topic] = find("Baseline")
    assert topic.text.startswith("**baseline**: Mark migrations as applied")
    assert topic.text.endswith(" More: `d1 explain existing-databases`.\n")
    assert topic.title == (
        "Mark migrations as applied without running them, after proving that the live schema is what they create."
    )


def test_a_decision_is_found_by_its_number() -> None:
    [page] = find("deletion")
    assert "`d1 explain adr-0014`" in page.text
    assert find("adr 0014")[0].text.startswith("# 14. ")


@pytest.mark.parametrize("name", ["out-of-order file", "Out of order FILE", "out_of_order file "])
def test_case_hyphens_and_blanks_do_not_matter(name: str) -> None:
    assert [topic.name for topic in find(name)] == ["out-of-order file"]


def test_a_term_comes_before_the_page_of_the_same_name() -> None:
    assert [topic.kind for topic in find("emulator")] == [TopicKind.TERM, TopicKind.PAGE]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bookmrk", "there is no topic 'bookmrk': did you mean 'bookmark'? 'd1 explain' lists all of them"),
        ("zzzz", "there is no topic 'zzzz': 'd1 explain' lists all of them"),
        ("\x1b[2J", r"there is no topic '\x1b[2J': 'd1 explain' lists all of them"),
    ],
)
def test_an_unknown_topic_is_one_message_with_the_closest_names(name: str, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        find(name)
    assert str(refused.value) == message


def test_an_unknown_code_suggests_codes() -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'D\d{3}' or 'D\d{3}'"):
        find("D999")


def test_a_picture_is_left_out() -> None:
    [topic] = find("report")
    assert ".png" not in topic.text
    assert "```\n\nThe page is one HTML file." in topic.text
