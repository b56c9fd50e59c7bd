"""TOML, as a Syntax. tomllib parses it."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler.text import TOO_DEEP, check_depth, dotted, position, quoted
from pulumi_d1.wrangler.toml_blocks import BlockList
from pulumi_d1.wrangler.toml_inline_list import InlineList
from pulumi_d1.wrangler.toml_text import offset_of, value_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.wrangler.entry import WranglerEntry

TABLE = "a table"


def parse(text: str) -> dict[str, Any]:
    """Parse a whole text. Floats stay strings, since NaN is not equal to itself."""
    try:
        content = tomllib.loads(text, parse_float=str)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigError(TOO_DEEP) from None
    except ValueError:  # more digits than int() takes
        raise ConfigError("is not valid TOML: a number or a date in it is too large") from None
    check_depth(content)
    return content


def add(text: str, entry: WranglerEntry) -> str:
    """Return `text` with `entry` added to its list."""
    return _list_of(text, entry).add(entry.block)


def update(text: str, entry: WranglerEntry, index: int, values: Mapping[str, str]) -> str:
    """Return `text` with `values` set in the entry at `index`."""
    return _list_of(text, entry).update(index, {key: quoted(value) for key, value in values.items()})


def remove_key(text: str, entry: WranglerEntry, index: int, key: str) -> str:
    """Return `text` without `key` in the entry at `index`."""
    return _list_of(text, entry).remove_key(index, key)


def remove(text: str, entry: WranglerEntry, index: int) -> str:
    """Return `text` without the entry at `index`."""
    return _list_of(text, entry).remove(index)


def to_paste(entry: WranglerEntry) -> str:
    """Return the entry as a block."""
    return f"below, or its lines between the braces of an inline table, and run again:\n\n{entry.block}"


def obstacle(text: str, entry: WranglerEntry) -> str:
    """Return the name of an inline table on the way to the list."""
    parents = [entry.keys[:depth] for depth in range(1, len(entry.keys))]
    inline = next((dotted(keys) for keys in parents if value_at(text, keys)), None)
    if inline is None:
        return ""
    return f"'{inline}' is an inline table, which TOML cannot extend: write it with a header, [{inline}]"


def place(text: str, keys: Sequence[str | int]) -> str:
    """Return the line and column of the value at `keys`; those of its header if it is a `[table]`."""
    at = offset_of(text, keys)
    return "" if at is None else f"{position(text, at)}: "


def _list_of(text: str, entry: WranglerEntry) -> InlineList | BlockList:
    array = value_at(text, entry.keys)
    return InlineList(text, array) if array else BlockList(text, entry.keys)
