"""Reviews as SARIF 2.1.0, which code scanning of GitHub and others reads. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pulumi_d1.migrations.review.lint.finding import Rule
    from pulumi_d1.reports.annotations import Annotation

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_MESSAGE: Final = str.maketrans({"{": "{{", "}": "}}"})
"""SARIF replaces `{0}` in a message by an argument."""


def reviews_sarif(reviews: Iterable[tuple[str, Sequence[Annotation]]], version: str) -> str:
    """Return one SARIF log.

    Args:
        reviews: The name and the annotations of each stack. Each gets a run: code scanning keeps them apart.
        version: The version of this program.
    """
    runs = [_run(stack, annotations, version) for stack, annotations in reviews]
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": runs}, indent=2)


def _run(stack: str, annotations: Sequence[Annotation], version: str) -> dict[str, Any]:
    rules = {item.rule.code: item.rule for item in annotations}
    driver = {"name": "d1", "semanticVersion": version, "rules": list(map(_rule, rules.values()))}
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"d1/{stack}/"},
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, list(rules).index(item.rule.code)) for item in annotations],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    advice = [f"Instead: {rule.instead}"] if rule.instead else []
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": "\n".join([rule.why, *advice])},
    }


def _result(item: Annotation, rule: int) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": quote(item.file)},
        "region": {"startLine": item.line, "startColumn": item.column},
    }
    return {
        "ruleId": item.rule.code,
        "ruleIndex": rule,
        "level": item.level,
        "message": {"text": _text(item)},
        "locations": [{"physicalLocation": place}],
        **({"suppressions": [{"kind": "inSource", "justification": item.waiver}]} if item.waiver else {}),
    }


def _text(item: Annotation) -> str:
    """Return the message as SARIF's plain text, in which no name can become a link or a placeholder."""
    text = f"{item.message}\nInstead: {item.advice}" if item.advice else item.message
    return text.replace("](", "] (").translate(_MESSAGE)
