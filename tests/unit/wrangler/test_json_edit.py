"""Put an entry into any wrangler.jsonc, and remove it again: nothing else changes. wrangler.json stays plain JSON."""

from __future__ import annotations

import json
from itertools import cycle
from typing import TYPE_CHECKING, Any

import json5
from hypothesis import event, given, settings
from hypothesis import strategies as st

from pulumi_d1.wrangler.edit import put, remove
from pulumi_d1.wrangler.entry import WranglerEntry
from tests.support import configurations

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = "11111111-1111-4111-8111-111111111111"

SPACES = ["", "", " ", "\n", "\n  ", "\n\n\t", "\t"]
COMMENTS = [
    "// a comment\n",
    " //\n  ",
    "/* , */",
    ' /* "binding": [ */ ',
    "\n// { 'x' }\n  ",
    "/**/",
    " // /*\n",
    "/* //\n*/",
]
OTHERS: list[dict[str, Any]] = [
    {"name": "shop", "main": "src/index.ts"},
    {"vars": {"A": [1, -2.5e3, [], {}], "d1_databases": [{"binding": "DB"}]}},
    {"url": "https://shop.example/*", "quote": '\\" // }', "emoji": "\u2028😀"},
    {"": None, "t": [True, False], "nested": [[{"a": {}}], []]},
    {},
]
ENTRIES: list[dict[str, Any]] = [
    {"binding": "OTHER", "database_id": "x"},
    {"database_name": "nameless"},
    {"binding": "ANOTHER", "extra": {"binding": "DB"}},
]
OURS: list[dict[str, Any]] = [
    {"binding": "DB"},
    {"database_name": ",", "binding": "DB", "database_id": ""},
    {"binding": "DB", "database_id": ID, "migrations_table": "t", "preview": {"id": 1}},
    {"migrations_pattern": "p", "binding": "DB", "database_name": None, "remote": True},
    {"binding": "DB", "database_id": "", "migrations_pattern": ["p"]},
]


class Writer:
    """Writer of a value as JSON, with the next gap after each token.

    Attributes:
        text: The text so far.
        span: Start and end of the value `ours` in it.
    """

    def __init__(self, gaps: Iterator[str], ours: dict[str, Any] | None, *, trailing_commas: bool) -> None:
        self.text = ""
        self.span = (0, 0)
        self._gaps = gaps
        self._ours = ours
        self._trailing_commas = trailing_commas

    def token(self, text: str) -> None:
        self.text += text + next(self._gaps)

    def value(self, value: Any) -> None:
        start = len(self.text)
        if isinstance(value, dict):
            self._items("{}", list(value.items()))
        elif isinstance(value, list):
            self._items("[]", [(None, item) for item in value])
        else:
            self.text += json.dumps(value, ensure_ascii=False)
        if value is self._ours:
            self.span = (start, len(self.text))
        self.token("")

    def _items(self, brackets: str, items: list[tuple[str | None, Any]]) -> None:
        self.token(brackets[0])
        for number, (key, item) in enumerate(items, start=1):
            if key is not None:
                self.token(json.dumps(key))
                self.token(":")
            self.value(item)
            if number < len(items) or self._trailing_commas:
                self.token(",")
        self.text += brackets[1]


@st.composite
def table(draw: st.DrawFn, entries: list[dict[str, Any]] | None) -> dict[str, Any]:
    """Draw the keys of a Worker, with the list of databases, if there is one, somewhere between them."""
    content: dict[str, Any] = {}
    for part in draw(st.permutations(OTHERS))[: draw(st.integers(0, 3))]:
        content |= part
    if entries is not None:
        keys = [*content, "d1_databases"]
        at = draw(st.integers(0, len(content)))
        keys.insert(at, keys.pop())
        content = {key: content.get(key, entries) for key in keys}
    return content


@st.composite
def configuration(draw: st.DrawFn, environment: str, *, plain: bool) -> tuple[str, dict[str, Any] | None, Writer]:
    """Draw a configuration, its entry that is ours, and the writer, which has the position of that entry."""
    ours: dict[str, Any] | None = None
    entries = draw(st.none() | st.permutations(ENTRIES).map(lambda found: found[: len(found) // 2]))
    if entries is not None and draw(st.booleans()):
        ours = dict(draw(st.sampled_from(OURS)))
        entries.insert(draw(st.integers(0, len(entries))), ours)
    if environment:
        content = draw(table(draw(st.none() | st.just([OURS[0]]))))
        depth = 2 if entries is not None else draw(st.integers(0, 2))
        if depth:
            content["env"] = {"staging": {}} if draw(st.booleans()) else {}
        if depth == 2:
            content["env"][environment] = draw(table(entries))
    else:
        content = draw(table(entries))
    pool = SPACES if plain else SPACES + COMMENTS
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    gaps = [gap.replace("\n", newline) for gap in draw(st.lists(st.sampled_from(pool), min_size=1, max_size=30))]
    writer = Writer(cycle(gaps), ours, trailing_commas=not plain and draw(st.booleans()))
    writer.token("")
    writer.value(content)
    return writer.text, ours, writer


def apart(text: str, environment: str) -> tuple[Any, dict[str, Any] | None]:
    return configurations.apart(json5.loads(text), environment, "DB")


def is_in_order(characters: str, others: str) -> bool:
    rest = iter(others)
    return all(character in rest for character in characters)


@settings(deadline=None)
@given(st.data(), st.sampled_from(["", "production"]), st.sampled_from(["wrangler.json", "wrangler.jsonc"]))
def test_the_entry_is_put_in_and_removed_and_nothing_else_changes(
    data: st.DataObject, environment: str, name: str
) -> None:
    plain = name == "wrangler.json"
    text, before, writer = data.draw(configuration(environment, plain=plain))
    ledger = data.draw(st.sampled_from(["d1_migrations", 'my "t"']))
    pattern = data.draw(st.sampled_from(["", "migrations/*/migration.sql"]))
    entry = WranglerEntry(name, environment, "DB", "shop-db", ID, "migrations", ledger, pattern)
    changed = put(text, entry)
    others, _ = apart(text, environment)

    after, found = apart(changed, environment)
    assert after == others
    expected = entry.values | ({"migrations_table": ledger} if "migrations_table" in (before or {}) else {})
    rest = {key: value for key, value in (before or {}).items() if key != "migrations_pattern"}
    assert found == rest | expected
    assert put(changed, entry) == changed
    if plain:
        assert json.loads(changed) == json5.loads(changed)

    removed = remove(changed, entry)
    if before is None:
        event("added")
        assert is_in_order(text, changed)
        assert removed == text
    else:
        event("updated")
        start, end = writer.span
        assert changed.startswith(text[:start])
        assert changed.endswith(text[end:])
    assert apart(removed, environment) == (others, None)
    if plain:
        json.loads(removed)
    for comment in {gap.strip() for gap in COMMENTS}:
        outside = text if before is None else text[: writer.span[0]] + text[writer.span[1] :]
        assert removed.count(comment) >= outside.count(comment), "no comment is lost"
