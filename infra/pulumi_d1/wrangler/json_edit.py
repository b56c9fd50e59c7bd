"""Add or remove one item of an object or array in a JSON text, in the style of the text. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pulumi_d1.wrangler.json_text import root_value
from pulumi_d1.wrangler.text import indent_at, line_end, quoted

if TYPE_CHECKING:
    from pulumi_d1.wrangler.json_text import Value

_REST_OF_LINE = re.compile(r"(?:[ \t]*(?:/\*[^\r\n]*?\*/|//[^\r\n]*))*")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\r\n]*", re.DOTALL)
_SPACE = " \t\r\n"


def add_item(text: str, container: Value, value: Any, key: str = "") -> str:
    """Return `text` with one more item at the end of `container`.

    An empty container gets its item without any space, so that `is_alone` keeps the container when the item goes.

    Args:
        container: An object or an array in it.
        value: Strings, and lists and dictionaries of them.
        key: Key of the new member of an object.
    """
    name = f"{quoted(key)}: " if key else ""
    if not container.items:
        at = container.start + 1
        return text[:at] + name + _to_json(text, value, container.start, spread="\n" in text) + text[at:]
    last = container.items[-1]
    has_own_line = "\n" in text[container.start : container.items[0].start]
    spread = has_own_line if key else "\n" in text[last.start : last.end]
    item = name + _to_json(text, value, last.start, spread=spread)
    comma, last_comma = ("", ",") if last.comma is not None else (",", "")
    rest = _REST_OF_LINE.match(text, last.end_with_comma) if has_own_line else None
    end = rest.end() if rest else last.end_with_comma
    gap = line_end(text) + indent_at(text, last.start) if has_own_line else " "
    return text[: last.end_with_comma] + comma + text[last.end_with_comma : end] + gap + item + last_comma + text[end:]


def remove_item(text: str, container: Value, index: int) -> str:
    """Return `text` without one item of `container`, one comma, and the white space around it. Comments stay."""
    item = container.items[index]
    before, between, after = text[: item.start], text[item.end : item.end_with_comma], text[item.end_with_comma :]
    gap = text[container.items[index - 1].end_with_comma if index else container.start + 1 : item.start]
    if index and item.comma is None:
        left = container.items[index - 1]
        before, gap = before[: left.end_with_comma - 1] + gap, text[left.end : left.end_with_comma - 1] + gap
    if _ends_line(after) or (item is container.items[-1] and not _needs_white_space(gap, after)):
        before = before if between.strip(_SPACE + ",") else before.rstrip(_SPACE)
    else:
        after = after.lstrip(" \t")
    return before + between.removesuffix(",") + after


def is_alone(text: str, container: Value) -> bool:
    """Return whether `container` was written to hold its one item: it has nothing else, and space around the item."""
    if len(container.items) != 1:
        return False
    (item,) = container.items
    before = text[container.start + 1 : item.start]
    after = text[item.end : item.end_with_comma] + text[item.end_with_comma : container.end - 1]
    return bool(before) and not (before + after).strip(_SPACE + ",")


def _ends_line(after: str) -> bool:
    return after.lstrip(" \t").startswith(("\r", "\n"))


def _needs_white_space(gap: str, after: str) -> bool:
    """Return whether a comment needs the white space at the end of `gap`, to end its line or to start the next.

    Args:
        gap: Text between the last item and the one before it.
        after: Text after the last item.
    """
    comments = _COMMENT.findall(gap)
    if comments and comments[-1].startswith("//"):
        return True
    rest = _REST_OF_LINE.match(after)
    return bool(rest and rest.group()) and "\n" in gap[len(gap.rstrip(_SPACE)) :]


def _to_json(text: str, value: Any, at: int, *, spread: bool) -> str:
    """Return `value` as JSON: on one line, or spread over lines that are indented like the line of `at`."""
    if spread:
        return _joined(value, line_end(text) + indent_at(text, at), _indent_unit(text))
    return _joined(value, " ", "")


def _joined(value: Any, separator: str, unit: str) -> str:
    """Return `value` as JSON, with `separator` before a closing bracket, and `unit` after it before an item."""
    if isinstance(value, str):
        return quoted(value)
    inner = separator + unit
    if isinstance(value, dict):
        items = [f"{quoted(key)}: {_joined(item, inner, unit)}" for key, item in value.items()]
    else:
        items = [_joined(item, inner, unit) for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return opening + inner + f",{inner}".join(items) + separator + closing


def _indent_unit(text: str) -> str:
    """Return the indent of one level: that of the first member, or two spaces if it shares a line."""
    root = root_value(text)
    if root.items and "\n" in text[root.start : root.items[0].start]:
        return indent_at(text, root.items[0].start)
    return "  "
