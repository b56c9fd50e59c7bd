"""One item more or less in an object or an array of a JSON text, in the style of what is there. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pulumi_d1.wrangler.json_text import value_in
from pulumi_d1.wrangler.lines import indent_at, line_end
from pulumi_d1.wrangler.quoting import quoted

if TYPE_CHECKING:
    from pulumi_d1.wrangler.json_text import Value

_REST_OF_LINE = re.compile(r"(?:[ \t]*(?:/\*[^\r\n]*?\*/|//[^\r\n]*))*")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\r\n]*", re.DOTALL)
_SPACE = " \t\r\n"


def with_item(text: str, container: Value, value: Any, key: str = "") -> str:
    """`text` with one more item in `container`, behind the last.

    What was empty holds it without any space, by which `without` knows that it is to stay.

    Args:
        text: the whole text.
        container: an object or an array in it.
        value: strings, and lists and dictionaries of them.
        key: of a member.
    """
    name = f"{quoted(key)}: " if key else ""
    if not container.items:
        at = container.start + 1
        return text[:at] + name + _written(text, value, container.start, spread="\n" in text) + text[at:]
    last = container.items[-1]
    has_own_line = "\n" in text[container.start : container.items[0].start]
    spread = has_own_line if key else "\n" in text[last.start : last.end]
    item = name + _written(text, value, last.start, spread=spread)
    comma, last_comma = ("", ",") if last.comma is not None else (",", "")
    rest = _REST_OF_LINE.match(text, last.behind) if has_own_line else None
    end = rest.end() if rest else last.behind
    joint = line_end(text) + indent_at(text, last.start) if has_own_line else " "
    return text[: last.behind] + comma + text[last.behind : end] + joint + item + last_comma + text[end:]


def without(text: str, container: Value, index: int) -> str:
    """`text` without one item of `container`, a comma, and the white space around it. Comments stay."""
    item = container.items[index]
    before, between, after = text[: item.start], text[item.end : item.behind], text[item.behind :]
    gap = text[container.items[index - 1].behind if index else container.start + 1 : item.start]
    if index and item.comma is None:
        left = container.items[index - 1]
        before, gap = before[: left.behind - 1] + gap, text[left.end : left.behind - 1] + gap
    if _ends_line(after) or (item is container.items[-1] and _has_no_line_to_keep(gap, after)):
        before = before if between.strip(_SPACE + ",") else before.rstrip(_SPACE)
    else:
        after = after.lstrip(" \t")
    return before + between.removesuffix(",") + after


def is_alone(text: str, container: Value) -> bool:
    """Whether `container` was written to hold its one item: nothing else is in it, and spaces set it off."""
    if len(container.items) != 1:
        return False
    (item,) = container.items
    around = text[container.start + 1 : item.start], text[item.end : item.behind], text[item.behind : container.end - 1]
    return bool(around[0]) and not "".join(around).strip(_SPACE + ",")


def _ends_line(after: str) -> bool:
    return after.lstrip(" \t").startswith(("\r", "\n"))


def _has_no_line_to_keep(gap: str, after: str) -> bool:
    """Whether no comment needs the white space at the end of `gap`: none that goes to the end of its line.

    Args:
        gap: what parts the last item from what is before it.
        after: what follows it.
    """
    comments = _COMMENT.findall(gap)
    if comments and comments[-1].startswith("//"):
        return False
    rest = _REST_OF_LINE.match(after)
    return not (rest and rest.group()) or "\n" not in gap[len(gap.rstrip(_SPACE)) :]


def _written(text: str, value: Any, at: int, *, spread: bool) -> str:
    """`value` as JSON, on lines of its own where it is `spread`, indented as the line of `at`."""
    if spread:
        return _spread(value, line_end(text) + indent_at(text, at), _unit(text))
    return _spread(value, " ", "")


def _spread(value: Any, joint: str, unit: str) -> str:
    """`value` as JSON, with `joint` before a closing bracket, and `unit` behind it before an item."""
    if isinstance(value, str):
        return quoted(value)
    inner = joint + unit
    if isinstance(value, dict):
        items = [f"{quoted(key)}: {_spread(item, inner, unit)}" for key, item in value.items()]
    else:
        items = [_spread(item, inner, unit) for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return opening + inner + f",{inner}".join(items) + joint + closing


def _unit(text: str) -> str:
    """What one level is indented by: the first member of all, where it has a line of its own."""
    root = value_in(text)
    if root.items and "\n" in text[root.start : root.items[0].start]:
        return indent_at(text, root.items[0].start)
    return "  "
