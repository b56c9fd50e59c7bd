"""Generate the sections of docs/lint.md from the rules and their first cases.

Run `python -m tests.support.lint.documentation --write` to update the page.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.review.lint.check import RULES
from tests.support.lint.cases import CASES
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pulumi_d1.migrations.review.lint.finding import Rule

PAGE: Final = ROOT / "docs" / "lint.md"
_BEGIN: Final = "<!-- rules:begin -->"
_END: Final = "<!-- rules:end -->"
_WIDTH: Final = 120
_MARKUP: Final = re.compile(r"([_*<`])")
_REPEATED: Final = re.compile(r"x{50,}")


def with_rules(page: str) -> str:
    """Return the page with the rules between its two markers.

    Raises:
        ValueError: A marker is missing.
    """
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"the page needs {_BEGIN} and {_END}, each on a line of its own")
    sections = "\n\n".join(_section(rule) for rule in RULES)
    return f"{before}{begin}\n\n{_table()}\n\n{sections}\n\n{end}{after}"


def _table() -> str:
    lines = [f"| [{rule.code}](#{rule.code.lower()}) | {_plain(rule.title)} |" for rule in RULES]
    return "\n".join(["| code | finding |", "| --- | --- |", *lines])


def _section(rule: Rule) -> str:
    case = next(case for case in CASES if case.code == rule.code)
    return "\n\n".join(
        [
            f'<a id="{rule.code.lower()}"></a>\n\n## {rule.code}: {_plain(rule.title)}',
            _wrapped(_plain(rule.why)),
            _wrapped(f"**Instead:** {_plain(rule.instead)}"),
            _sql(case.sql),
            _wrapped(f"> {_plain(case.message)}", "> "),
            "No finding in:",
            _sql(case.near),
        ]
    )


def _sql(text: str) -> str:
    shown = _REPEATED.sub(lambda match: f"x (repeated {len(match[0]):,} times)", text.strip())
    return f"```sql\n{shown}\n```"


def _plain(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text)


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def main() -> None:
    """Rewrite the sections in the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.lint.documentation", description=__doc__)
    parser.add_argument("--write", action="store_true", required=True, help=f"rewrite the rules in {PAGE.name}")
    parser.parse_args()
    PAGE.write_text(with_rules(PAGE.read_text()))


if __name__ == "__main__":
    main()
