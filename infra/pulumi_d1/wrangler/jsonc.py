"""JSON as wrangler reads it, as a Syntax. Comments and trailing commas stay, in wrangler.json too; none are added."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler.json_edit import add_item, is_alone, remove_item
from pulumi_d1.wrangler.json_text import root_value
from pulumi_d1.wrangler.text import TOO_DEEP, check_depth, position, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.wrangler.entry import WranglerEntry
    from pulumi_d1.wrangler.json_text import Item, Value

TABLE = "an object"

# A string or comment that is never closed reaches to the end, so that no part of it is searched again.
_STRING = r'("(?:\\.|[^"\\])*+(?:"|\\?\Z))'
_COMMENT = re.compile(_STRING + r"|//[^\r\n]*|/\*.*?\*/|(/\*.*)", re.DOTALL)
_TRAILING_COMMA = re.compile(_STRING + r"|(?<![\[{,:\s])\s*,(?=\s*[\]}])", re.DOTALL)
_NOT_LINE_END = re.compile(r"[^\r\n]")


def parse(text: str) -> dict[str, Any]:
    """Parse a whole text. The json module reads neither comments nor trailing commas, so it gets blanks for them."""
    try:
        content = json.loads(_without_extras(text), parse_constant=_refuse_constant)
        json.dumps(content, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise ConfigError(f"is not valid JSON: {error.msg} (at line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise ConfigError(TOO_DEEP) from None
    except UnicodeEncodeError:
        raise ConfigError(r"is not valid JSON: a \u escape is half of a character") from None
    except ValueError as error:
        raise ConfigError(f"is not valid JSON: {error}") from None
    check_depth(content)
    if not isinstance(content, dict):
        raise ConfigError(f"{place(text, ())}it must be an object, in braces")
    return content


def add(text: str, entry: WranglerEntry) -> str:
    """Return `text` with `entry` as the last of its list."""
    container, missing = root_value(text), list(entry.keys)
    while missing and (item := _member(text, container, missing[0])):
        container = item.value
        del missing[0]
    if not missing:
        return add_item(text, container, entry.values)
    value: Any = [entry.values]
    for key in reversed(missing[1:]):
        value = {key: value}
    return add_item(text, container, value, missing[0])


def update(text: str, entry: WranglerEntry, index: int, values: Mapping[str, str]) -> str:
    """Return `text` with `values` set in the entry at `index`."""
    for key, value in values.items():
        table = _items_along(text, (*entry.keys, index))[-1].value
        if item := _member(text, table, key):
            text = text[: item.value.start] + quoted(value) + text[item.end :]
        else:
            text = add_item(text, table, value, key)
    return text


def remove_key(text: str, entry: WranglerEntry, index: int, key: str) -> str:
    """Return `text` without `key` in the entry at `index`."""
    table = _items_along(text, (*entry.keys, index))[-1].value
    item = _member(text, table, key)
    return remove_item(text, table, table.items.index(item)) if item else text


def remove(text: str, entry: WranglerEntry, index: int) -> str:
    """Return `text` without the entry at `index`, and without what was written only to hold it."""
    items = _items_along(text, (*entry.keys, index))
    containers = [root_value(text), *(item.value for item in items[:-1])]
    while len(items) > 1 and is_alone(text, containers[-1]):
        items.pop()
        containers.pop()
    return remove_item(text, containers[-1], containers[-1].items.index(items[-1]))


def to_paste(entry: WranglerEntry) -> str:
    """Return the entry as an object."""
    return f"below, and run again:\n\n{json.dumps(entry.values, indent=2, ensure_ascii=False)}\n"


def obstacle(text: str, entry: WranglerEntry) -> str:  # noqa: ARG001 - of Syntax
    """Return nothing: no form of JSON is known that cannot be edited."""
    return ""


def place(text: str, keys: Sequence[str | int]) -> str:
    """Return the line and column of the value at `keys`."""
    value = _items_along(text, keys)[-1].value if keys else root_value(text)
    return f"{position(text, value.start)}: "


def _items_along(text: str, keys: Sequence[str | int]) -> list[Item]:
    """Return the items on the way to the value at `keys`, which exists."""
    items: list[Item] = []
    value = root_value(text)
    for key in keys:
        item = value.items[key] if isinstance(key, int) else _member(text, value, key)
        assert item is not None  # noqa: S101 - the parsed content has it
        items.append(item)
        value = item.value
    return items


def _member(text: str, table: Value, key: str) -> Item | None:
    """Return the member `key` of an object; None if there is none.

    Raises:
        ConfigError: The object has the key twice.
    """
    members = [item for item in table.items if item.key == key]
    if len(members) > 1:
        raise ConfigError(f"{position(text, members[1].start)}: '{key}' is a duplicate key: delete one of the two")
    return members[0] if members else None


def _without_extras(text: str) -> str:
    """Return `text` with blanks in place of comments and trailing commas, which the json module refuses."""
    for extra in (_COMMENT, _TRAILING_COMMA):
        text = extra.sub(lambda match: match[0] if match.lastindex else _blank(match[0]), text)
    return text


def _blank(text: str) -> str:
    return _NOT_LINE_END.sub(" ", text)


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not a JSON number")
