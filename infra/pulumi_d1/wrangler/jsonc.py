"""JSON as wrangler reads it: with comments and trailing commas, in wrangler.json too. A Syntax; adds neither."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import json5

from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler.json_edit import is_alone, with_item, without
from pulumi_d1.wrangler.json_text import value_in
from pulumi_d1.wrangler.lines import position
from pulumi_d1.wrangler.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.wrangler.entry import Binding
    from pulumi_d1.wrangler.json_text import Item, Value

TABLE = "object"

_STRING = r'("(?:\\.|[^"\\])*")'
_COMMENT = re.compile(_STRING + r"|//[^\r\n]*|/\*.*?\*/", re.DOTALL)
_TRAILING_COMMA = re.compile(_STRING + r"|(?<![\[{,:\s])\s*,(?=\s*[\]}])", re.DOTALL)
_INK = re.compile(r"[^\r\n]")


def parse(text: str) -> dict[str, Any]:
    """See Syntax. The json module says what is wrong, and json5, which reads comments by itself, what it means."""
    try:
        json.loads(_plain(text), parse_constant=_refuse)
        found = json5.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"is not valid JSON: {error.msg} (at line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise ConfigError("is nested too deeply to be read") from None
    except ValueError as error:
        raise ConfigError(f"is not valid JSON: {error}") from None
    if not isinstance(found, dict):
        raise ConfigError(f"{place(text, ())}it should be an object, with braces around it")
    return found


def add(text: str, entry: Binding) -> str:
    """See Syntax."""
    container, new = value_in(text), entry.fields
    keys = list(entry.path)
    while keys and (item := _member(text, container, keys[0])):
        container = item.value
        del keys[0]
    if not keys:
        return with_item(text, container, new)
    value: Any = [new]
    for key in reversed(keys[1:]):
        value = {key: value}
    return with_item(text, container, value, keys[0])


def edit(text: str, entry: Binding, index: int, values: Mapping[str, str]) -> str:
    """See Syntax."""
    for key, value in values.items():
        table = _items(text, (*entry.path, index))[-1].value
        if item := _member(text, table, key):
            text = text[: item.value.start] + quoted(value) + text[item.end :]
        else:
            text = with_item(text, table, value, key)
    return text


def drop(text: str, entry: Binding, index: int, key: str) -> str:
    """See Syntax."""
    table = _items(text, (*entry.path, index))[-1].value
    item = _member(text, table, key)
    return without(text, table, table.items.index(item)) if item else text


def cut(text: str, entry: Binding, index: int) -> str:
    """See Syntax."""
    items = _items(text, (*entry.path, index))
    containers = [value_in(text), *(item.value for item in items[:-1])]
    while len(items) > 1 and is_alone(text, containers[-1]):
        items.pop()
        containers.pop()
    return without(text, containers[-1], containers[-1].items.index(items[-1]))


def by_hand(entry: Binding) -> str:
    """See Syntax."""
    return f"and run again:\n\n{json.dumps(entry.fields, indent=2, ensure_ascii=False)}\n"


def obstacle(text: str, entry: Binding) -> str:  # noqa: ARG001 - of Syntax
    """See Syntax."""
    return ""


def place(text: str, path: Sequence[str | int]) -> str:
    """See Syntax."""
    value = _items(text, path)[-1].value if path else value_in(text)
    return f"{position(text, value.start)}: "


def _items(text: str, path: Sequence[str | int]) -> list[Item]:
    """The items on the way along `path`, which are there."""
    found: list[Item] = []
    value = value_in(text)
    for step in path:
        item = value.items[step] if isinstance(step, int) else _member(text, value, step)
        assert item is not None  # noqa: S101 - it was read before
        found.append(item)
        value = item.value
    return found


def _member(text: str, table: Value, key: str) -> Item | None:
    """The member `key` of an object.

    Raises:
        ConfigError: it is there twice.
    """
    found = [item for item in table.items if item.key == key]
    if len(found) > 1:
        raise ConfigError(f"{position(text, found[1].start)}: '{key}' is there a second time: take one of them out")
    return found[0] if found else None


def _plain(text: str) -> str:
    """`text` with blanks in the place of what the json module does not know."""
    for extra in (_COMMENT, _TRAILING_COMMA):
        text = extra.sub(lambda found: found[1] or _INK.sub(" ", found[0]), text)
    return text


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number")
