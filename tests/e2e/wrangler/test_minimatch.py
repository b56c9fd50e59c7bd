"""A migrationsPattern matches the same names as in wrangler, or it is refused."""

from __future__ import annotations

import json
import subprocess
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.pattern import make_pattern
from tests.support import installed
from tests.support.paths import NODE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDERS = ["", "a/", "ab/", "1_a/", ".a/", "a/b/", "a/.b/", "b/a/b/", "[ab]/", "{a,b}/", "é/", "!a/", "#/", "../"]
FILES = [
    *("a", "b", "ab", "x", ".a", "-", "é", "😀", "a b", "[", "]", "{a}", "$a", "!a", "#a", "*", "\\"),
    *("a.sql", "1_a.sql", ".a.sql", ".sql", "migration.sql", "a.SQL", "a,b.sql", "(a).sql", "a|b.sql"),
]
NAMES = ["".join(parts) for parts in product(FOLDERS, FILES)]

COMMON = ["*", "*", "**/", "/**/", "?", "/", "a", "b", "1", "_", ".", ".sql", "migration.sql", "{a,b}", "[ab]", "[!a]"]
RARE = [
    *(
        "{a/b,*}",
        "{,a}",
        "{a,{b,.a}}",
        "{.,..}",
        "{a}",
        "{",
        "}",
        ",",
        "{1..3}",
        "$",
        "{{a,b}}",
        "[a-c]",
        "[.]",
        "[^a]",
    ),
    *("[z-a]", "[é]", "[--a]", "[a-]", "[]a]", "[!]", "[", "]", "[[:alpha:]]", "[a&&b]", "!", "#", "@(a|b)", "+(a)"),
    *("!(a)", "(", ")", "|", "^", "-", "~", "é", "😀", " ", "\\", "../", "'", "&", "***"),
]
PATTERN = st.lists(st.one_of(st.sampled_from(COMMON), st.sampled_from(RARE)), min_size=1, max_size=6).map("".join)


@pytest.fixture(scope="module")
def minimatch() -> Iterator[Callable[[str], Any]]:
    """A function that returns the NAMES that minimatch matches, or its error."""
    command = [installed.binaries() / "node", NODE / "minimatch.mjs"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:

        def matched(glob: str) -> Any:
            assert process.stdin
            assert process.stdout
            process.stdin.write(json.dumps([glob, NAMES]) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield matched


@settings(deadline=None, max_examples=400)
@given(PATTERN)
def test_a_pattern_matches_like_minimatch_or_is_refused(minimatch: Callable[[str], Any], text: str) -> None:
    try:
        pattern = make_pattern(".", text)
    except ConfigError:
        event("refused")
        return
    matches = [name for name in NAMES if pattern.matches(name)]
    event("some matches" if matches else "no matches")
    assert matches == minimatch(pattern.inside)


def test_minimatch_has_the_version_of_wrangler() -> None:
    packages = installed.binaries().parent
    version = json.loads((packages / "minimatch" / "package.json").read_text())["version"]
    bundle = (packages / "wrangler" / "wrangler-dist" / "cli.js").read_text()
    assert f"minimatch@{version}/node_modules/minimatch/minimatch.js" in bundle
