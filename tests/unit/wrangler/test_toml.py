"""Put an entry into any wrangler.toml, and remove it again: nothing else changes."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler.edit import put, remove
from pulumi_d1.wrangler.entry import WranglerEntry
from tests.support import configurations

ID = "11111111-1111-4111-8111-111111111111"

TRIVIA = ["", "# a comment", "  # storage: [[d1_databases]]", "\t"]
VALUES = [
    *("1", "nan", "1979-05-27 07:32:00", '"a # b"', "'[x]'", '"""\n[[d1_databases]]\n""q"""""', "'''\n[a]\n'''"),
    *("[]", "[ # none\n]", "[\n  1, # one\n  2\n]", "{}", '{ a = [ { b = "}" } ], "c.d" = 1 }'),
]
ENTRIES = [
    '{ binding = "OTHER", database_id = "x" }',
    '{ "binding" = "DB", database_name = "," }',
    "{ binding = 'DB', database_id = '' }",
    f'{{ binding = "DB", database_id = "{ID}", migrations_table = "t", preview.id = 1 }}',
    '{ migrations_pattern = "p", binding = "DB" , database_name = "n" }',
]
LISTS = [
    "[ %s ]",
    "[%s,]",
    "[\n  # first\n  %s, # was here\n]",
    "[ %s, %s ]",
    "[\n  %s,\n  %s # last\n]",
    "[]",
    "[ # c\n]",
]
KEYS = ["name", "main", "vars.A", '"vars" . B', "env.production.name", "env.x", "production.name", "production", "x.y"]
HEADERS = [
    *("[vars]", "[env]", "[env.production]", '[ env . "production" ] # live', "[env.production.vars]", "[env.staging]"),
    *("[[kv_namespaces]]", "[[env.production.kv_namespaces]]", "[[env]]", "[d1_databases.extra]", "[site]"),
]
LIST_HEADERS = ["[[d1_databases]]", "[[env.production.d1_databases]]", "[[ 'env'.production . d1_databases ]] # ours"]
LIST_KEYS = ["d1_databases", "env.production.d1_databases", "production.d1_databases"]
FIELDS = [
    *('binding = "OTHER"', 'binding = "DB" # the "DB"', "  'binding' = 'DB'", 'database_name = "n"'),
    *(f'database_id = "{ID}"', 'database_id = ""', 'migrations_table = "t"', "extra = [\n  1,\n]", "a.b = 1"),
    "migrations_pattern = 'p' # was here",
]


@st.composite
def statement(draw: st.DrawFn) -> list[str]:
    """Draw a few lines of a configuration, valid on their own."""
    match draw(st.integers(0, 5)):
        case 0:
            return [draw(st.sampled_from(TRIVIA))]
        case 1 | 2:
            return [f"{draw(st.sampled_from(KEYS))} = {draw(st.sampled_from(VALUES))}"]
        case 3:
            return [draw(st.sampled_from(HEADERS))]
        case 4:
            form = draw(st.sampled_from(LISTS))
            entries = tuple(draw(st.sampled_from(ENTRIES)) for _ in range(form.count("%s")))
            return [f"{draw(st.sampled_from(LIST_KEYS))} = {form % entries}"]
        case _:
            fields = draw(st.lists(st.sampled_from([*FIELDS, *TRIVIA]), max_size=5, unique=True))
            return [draw(st.sampled_from(LIST_HEADERS)), *fields]


@st.composite
def configuration(draw: st.DrawFn) -> str:
    """Draw a valid configuration: statements that would break it are left out."""
    lines: list[str] = []
    for added in draw(st.lists(statement(), max_size=12)):
        with suppress(tomllib.TOMLDecodeError):
            tomllib.loads("\n".join([*lines, *added]))
            lines += added
    text = "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n\n", "\n  "]))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


def apart(text: str, entry: WranglerEntry) -> tuple[Any, dict[str, Any] | None]:
    document = tomllib.loads(text, parse_float=str)  # NaN is not equal to itself
    return configurations.apart(document, entry.environment, entry.binding)


def plain(text: str) -> list[str]:
    return text.replace("\r", "").split("\n")


def is_in_order(lines: list[str], others: list[str]) -> bool:
    rest = iter(others)
    return all(any(line == other for other in rest) for line in lines)


def lines_to_keep(text: str, changed: str, entry: WranglerEntry) -> list[str]:
    """Return the lines that must not change. If the entry is not a block of its own, lines with its values may."""
    if entry.block.rstrip() in changed.replace("\r", ""):
        return plain(text)
    ours = (*entry.values, "migrations_table", "migrations_pattern", "d1_databases =")
    return [line for line in plain(text) if not any(word in line for word in ours)]


@settings(deadline=None)
@given(
    configuration(),
    st.sampled_from(["", "production"]),
    st.sampled_from(["d1_migrations", 'my "t"']),
    st.sampled_from(["", "migrations/*/migration.sql"]),
)
def test_the_entry_is_put_in_and_removed_and_nothing_else_changes(
    text: str, environment: str, table: str, pattern: str
) -> None:
    entry = WranglerEntry("wrangler.toml", environment, "DB", "shop-db", ID, "migrations", table, pattern)
    try:
        changed = put(text, entry)
    except ConfigError as error:
        event("refused: " + str(error).split(":")[0][:40])
        return
    others, before = apart(text, entry)
    event("added" if before is None else "updated")

    after, found = apart(changed, entry)
    assert after == others
    expected = entry.values | ({"migrations_table": table} if "migrations_table" in (before or {}) else {})
    rest = {key: value for key, value in (before or {}).items() if key != "migrations_pattern"}
    assert found == rest | expected
    assert put(changed, entry) == changed

    assert is_in_order(lines_to_keep(text, changed, entry), plain(changed))
    assert ("\r\n" in text) <= (changed.count("\n") == changed.count("\r\n"))

    try:
        removed = remove(changed, entry)
    except ConfigError:
        event("not removed")
        assert before is not None
        return
    if before is None:
        assert removed == text
    assert apart(removed, entry) == (others, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = " + "[" * 200 + "]" * 200, "^is nested too deeply to be read$"),
        ("a = " + "[" * 100_000, "^is nested too deeply to be read$"),
        (f"a = {'9' * 5_000}", "^is not valid TOML: a number or a date in it is too large$"),
        ('name = "' + '\\"' * 100_000, "^is not valid TOML: Unterminated string"),
    ],
    ids=range(4),
)
def test_a_hostile_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        put(text, WranglerEntry("wrangler.toml", "", "DB", "shop-db-dev"))
