"""TOML. A Syntax; tomllib reads it."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler.quoting import dotted, quoted
from pulumi_d1.wrangler.toml_blocks import Blocks
from pulumi_d1.wrangler.toml_inline_list import InlineList
from pulumi_d1.wrangler.toml_text import value_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.wrangler.entry import Binding

TABLE = "table"


def parse(text: str) -> dict[str, Any]:
    """See Syntax."""
    try:
        return tomllib.loads(text, parse_float=str)  # NaN is not equal to itself
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is not valid TOML: {error}") from None


def add(text: str, entry: Binding) -> str:
    """See Syntax."""
    return _listed(text, entry).add(entry.block)


def edit(text: str, entry: Binding, index: int, values: Mapping[str, str]) -> str:
    """See Syntax."""
    return _listed(text, entry).edit(index, {key: quoted(value) for key, value in values.items()})


def drop(text: str, entry: Binding, index: int, key: str) -> str:
    """See Syntax."""
    return _listed(text, entry).drop(index, key)


def cut(text: str, entry: Binding, index: int) -> str:
    """See Syntax."""
    return _listed(text, entry).cut(index)


def by_hand(entry: Binding) -> str:
    """See Syntax."""
    return f"as it is here or with its lines between the braces of an inline table, and run again:\n\n{entry.block}"


def obstacle(text: str, entry: Binding) -> str:
    """See Syntax."""
    tables = [entry.path[:depth] for depth in range(1, len(entry.path))]
    inline = next((dotted(table) for table in tables if value_at(text, table)), None)
    if not inline:
        return ""
    return f"'{inline}' is an inline table, to which TOML lets no other line add: write it with a header, [{inline}]"


def place(text: str, path: Sequence[str | int]) -> str:  # noqa: ARG001 - tomllib gives no positions
    """See Syntax."""
    return ""


def _listed(text: str, entry: Binding) -> InlineList | Blocks:
    array = value_at(text, entry.path)
    return InlineList(text, array) if array else Blocks(text, entry.path)
