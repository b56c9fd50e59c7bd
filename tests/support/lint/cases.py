"""The cases of the lint rules: cases/*.toml, one list of cases for each code.

The keys of a case are the attributes of Case. In every text, `{name}` stands for the text of that name in the file's
[texts], and `<100 x>` for the letter x a hundred times.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_FILES: Final = sorted((Path(__file__).parent / "cases").glob("*.toml"))
_REPEATED: Final = re.compile(r"<(\d+) x>")


@dataclass(frozen=True, slots=True)
class Case:
    """A file that breaks a rule, one that nearly does, and the effect of the first on D1.

    Attributes:
        code: Code of the rule.
        sql: A pending file that breaks the rule, on the live database of `live.py`.
        message: Message of the finding.
        near: A pending file that does not break the rule.
        also: Codes of other rules that `sql` cannot avoid breaking.
        live: SQL that adds to the live database.
        refused: Part of the error with which D1 refuses `sql`; empty if it does not.
        refused_appended: The same for `sql` with the INSERT into the ledger appended, as wrangler sends it.
        split_wrong: True if /query is known to split `sql` in other places than SQLite.
        query: A query for one row. D1 runs it before and after the file.
        before: The row before the file.
        after: The row after the file.
        fixed: The row after the near miss, which follows the rule's advice; empty if it is `before`.
        code_sql: A statement of the running code. D1 accepts it before the file, and after the near miss.
        code_refused: Part of the error with which D1 refuses it after the file.
        rows: Where the rows of the rehearsal come from: auto, or made.
        budget: Seconds of the rehearsal, which then has its own process; 0 for no limit.
    """

    code: str
    sql: str
    message: str
    near: str
    also: tuple[str, ...] = ()
    live: str = ""
    refused: str = ""
    refused_appended: str = ""
    split_wrong: bool = False
    query: str = ""
    before: tuple[object, ...] = ()
    after: tuple[object, ...] = ()
    fixed: tuple[object, ...] = ()
    code_sql: str = ""
    code_refused: str = ""
    rows: str = "auto"
    budget: float = 0


def _load(file: Path) -> list[Case]:
    content = tomllib.loads(file.read_text())
    texts: dict[str, str] = {}
    for name, text in content.pop("texts", {}).items():
        texts[name] = _filled(text, texts)
    return [
        Case(code, **{key: _value(value, texts) for key, value in case.items()})
        for code, cases in content.items()
        for case in cases
    ]


def _value(value: Any, texts: dict[str, str]) -> Any:
    if isinstance(value, str):
        return _filled(value, texts)
    return tuple(value) if isinstance(value, list) else value


def _filled(text: str, texts: dict[str, str]) -> str:
    for name, part in texts.items():
        text = text.replace(f"{{{name}}}", part)
    return _REPEATED.sub(lambda match: "x" * int(match[1]), text)


CASES: Final = tuple(sorted((case for file in _FILES for case in _load(file)), key=lambda case: case.code))
"""All cases, by code; those of one code in the order of the file."""
