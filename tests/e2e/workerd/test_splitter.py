"""pulumi_d1.sqlite.statements.split against the splitter that wrangler itself uses for local databases."""

from __future__ import annotations

import json
import random
import re
from typing import Final

from pulumi_d1.sqlite.statements import split
from tests.support import node as clients

_AROUND: Final = re.compile(
    r"""(?P<quoted>'[^']*'?|"[^"]*"?|`[^`]*`?|\[[^\]]*\]?)|--[^\n]*|/\*.*?(?:\*/|\Z)|[;\s]""", re.DOTALL
)
_SCRIPTS: Final = 5_000
_PIECES: Final = (
    *("SELECT ", "1", "x", " ", "\n", "\r\n", ";", "; ", "é", "(", ")", "'a;b'", '"a;b"', "`a;b`", "[a;b]", "''"),
    *("-- it's; \n", "/* ; ' */", "--\n", "/**/", "-", "*", "CREATE ", "create\n", "TEMP ", "TEMPORARY ", "TABLE "),
    *("TRIGGER ", "trigger ", "BEGIN ", "begin\n", "END", "end", "; END;", ";end ;", "; /* c */ END -- c\n;", "END;"),
    *("CASE ", "EXPLAIN ", "QUERY ", "PLAN ", "'", '"', "[", "`"),
)


def test_wrangler_splits_scripts_in_the_same_places() -> None:
    scripts = [*_written(), *_random()]
    with clients.running("split.mjs") as process:
        answers, _ = process.communicate("".join(f"{json.dumps(script)}\n" for script in scripts))
    theirs = [json.loads(line) for line in answers.splitlines()]
    assert len(theirs) == len(scripts)
    different = [
        (script, ours, other)
        for script, answer in zip(scripts, theirs, strict=True)
        if (ours := _bare([statement.text for statement in split(script)])) != (other := _bare(answer))
    ]
    assert not different, different[0]


def _bare(pieces: list[str]) -> list[str]:
    """Return the statements without comments, blanks and semicolons, which only one of the two splitters keeps."""
    bare = [_AROUND.sub(lambda match: match["quoted"] or "", piece).rstrip() for piece in pieces]
    return [piece for piece in bare if piece]


def _written() -> list[str]:
    trigger = "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; SELECT 'x; END;'; END;"
    return [
        "SELECT 1; SELECT 2",
        f"{trigger} SELECT 3;",
        f"SELECT 1;\n{trigger.lower()}\n-- end;\nSELECT 3;",
        f"{trigger.replace(' ', chr(13) + chr(10))} SELECT 3;",
        "CREATE TABLE a (b); INSERT INTO a VALUES ('it''s; fine'), (\"x;y\"); -- done;",
        "EXPLAIN CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END; SELECT 2;",
        ";;SELECT 1;;;SELECT 2;;",
    ]


def _random() -> list[str]:
    chance = random.Random(20_041_208)  # noqa: S311 - the same scripts in every run
    return ["".join(chance.choices(_PIECES, k=chance.randint(1, 25))) for _ in range(_SCRIPTS)]
