"""Check what can be counted of plain English: docstrings, comments, messages and Markdown.

Run as `python tools/check_english.py [PATH ...]`; without paths it checks every tracked file of the project.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ANYWHERE: Final = {
    # pattern: what to write instead
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\bways? back\b": "restore command; restorable until",
    r"\b(gone|goes|going) on with\b": "resumed, continues",
    r"\b(take|takes|taken|took|taking) (it |them |one |an? \w+ )?(away|back)\b": "delete, undo",
    r"\bleft over\b": "leftover, left behind",
    r"\bcan't be told\b": "cannot be determined",
    r"\bheld? against\b": "compared with",
    r"\bfor ever\b": "never expires",
    r"\bfull citizen\b": "keeps working as before",
    r"\b(doomed|judged|fate)\b": "name the thing in the field's words",
    r"\b(tells?|told|telling)\b": "report, print, return, show",
    r"\bsays?\b": "print, return, show, contain",
    r"\bnobody (asked|said|is)\b": "name who acts",
    r"\bwhere (it|there|that|this|they|nobody|nothing|none|no|one|some|all|any|each) "
    r"(is|are|was|were|has|have|does|do|did|can|can't|could)\b": "if, when, unless",
}

DOCSTRING_START: Final = re.compile(r"(What|Whether|How|Where|Which|See)\b")
NOTE: Final = re.compile(r"^ +\*{0,2}[a-z_][a-z0-9_]*: (?=[a-z])(?!https?:)", re.MULTILINE)
MOST_COMMENT_LINES: Final = 3
CODE: Final = re.compile(r"`[^`\n]*`|'[^'\n]*'(?=\W)|<!--.*?-->")
FENCE: Final = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)


class Remark(NamedTuple):
    """One place to rewrite."""

    path: Path
    line: int
    text: str


class Prose(NamedTuple):
    """A text for people: where it starts, and what kind it is."""

    line: int
    text: str
    kind: str


def main(arguments: Sequence[str]) -> int:
    """Print each problem; return 1 if there is one."""
    problems = [problem for path in _files(arguments) for problem in check(path)]
    for path, line, text in problems:
        print(f"{path}:{line}: {text}")  # noqa: T201
    return 1 if problems else 0


def check(path: Path) -> list[Remark]:
    """Return the problems of one Python or Markdown file."""
    text = path.read_text()
    found: list[Remark] = []
    for prose in _markdown(text) if path.suffix == ".md" else _python(text):
        found += (Remark(path, line, message) for line, message in _problems(prose))
    return found


def _problems(prose: Prose) -> Iterator[tuple[int, str]]:
    plain = CODE.sub(lambda code: " " * len(code[0]), prose.text)
    for pattern, instead in ANYWHERE.items():
        for match in re.finditer(pattern.replace(" ", r"\s+"), plain, re.IGNORECASE):
            yield prose.line + plain.count("\n", 0, match.start()), f"'{' '.join(match[0].split())}': write {instead}"
    if prose.kind == "docstring":
        if start := DOCSTRING_START.match(prose.text):
            yield prose.line, f"a docstring starts with '{start[0]}': start with a verb or a noun"
        for match in NOTE.finditer(prose.text):
            yield prose.line + prose.text.count("\n", 0, match.start()), f"'{match[0].strip()}': start with a noun"
    if prose.kind == "comment" and prose.text.count("\n") >= MOST_COMMENT_LINES:
        yield prose.line, f"a comment of more than {MOST_COMMENT_LINES} lines"


def _markdown(text: str) -> Iterator[Prose]:
    yield Prose(1, FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), text), "page")


def _python(text: str) -> Iterator[Prose]:
    docstrings = set()
    tree = ast.parse(text)
    for node in ast.walk(tree):
        for statement in getattr(node, "body", ()) if isinstance(getattr(node, "body", ()), list) else ():
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                value = statement.value
                if isinstance(value.value, str):
                    docstrings.add(value)
                    yield Prose(value.lineno, value.value, "docstring")
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            yield Prose(node.lineno, node.value, "message")
    yield from _comments(text)


def _comments(text: str) -> Iterator[Prose]:
    """Yield each comment; lines that follow one another are one."""
    block: list[str] = []
    first = last = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        line, alone = token.start[0], not token.line[: token.start[1]].strip()
        if block and not (alone and line == last + 1):
            yield Prose(first, "\n".join(block), "comment")
            block = []
        first, last = (first if block else line), line
        block.append(token.string)
    if block:
        yield Prose(first, "\n".join(block), "comment")


def _files(arguments: Sequence[str]) -> Iterator[Path]:
    tracked = subprocess.run(  # noqa: S603 - our own arguments
        ["git", "ls-files", "--", *(arguments or ("*.py", "*.md"))],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in tracked:
        if name.endswith((".py", ".md")) and Path(name).resolve() != Path(__file__).resolve():
            yield Path(name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
