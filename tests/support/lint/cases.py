"""The table of rules: cases/*.toml, one list of cases for each code.

The keys of a case are the attributes of Case. In every text, `{name}` is the text of that name in the file's [texts],
and `<100 x>` is the letter x a hundred times.
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
    """A file that trips a rule, one that nearly does, and what D1 makes of the first.

    Attributes:
        code: of the rule.
        sql: a pending file that trips it, on the live database that `live.py` makes.
        says: the message of the finding.
        near: a pending file that does not trip it.
        also: codes of other rules that `sql` trips, since it can't be had without.
        live: more of the live database.
        refused: D1 refuses `sql`, with this in its error.
        refused_appended: D1 refuses `sql` with the INSERT into the ledger behind it, as wrangler sends it.
        cut_wrong: whether /query is known to cut it in other places than SQLite would.
        query: of one row, which D1 gives without an error, before the file and after it.
        before: that row.
        after: that row.
    """

    code: str
    sql: str
    says: str
    near: str
    also: tuple[str, ...] = ()
    live: str = ""
    refused: str = ""
    refused_appended: str = ""
    cut_wrong: bool = False
    query: str = ""
    before: tuple[object, ...] = ()
    after: tuple[object, ...] = ()


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
    return _REPEATED.sub(lambda found: "x" * int(found[1]), text)


CASES: Final = tuple(sorted((case for file in _FILES for case in _load(file)), key=lambda case: case.code))
"""All of them, by code; of each code in the order of the file."""
