"""Positions in a JSON text with comments. Pure.

json5 returns values without positions; an edit needs positions to keep every other byte. The text must be valid: it
has been parsed before.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"""
      " (?: \\. | [^"\\] )* "
    | // [^\r\n]*
    | /\* .*? \*/
    | [\[\]{},:]
    | [^\s"\[\]{},:/]+
    """,
    re.DOTALL | re.VERBOSE,
)


@dataclass(slots=True)
class Value:
    """A value.

    Attributes:
        start: Offset of its first character.
        end: Offset after its last character, such as the closing bracket.
        items: Members of an object, or elements of an array.
    """

    start: int
    end: int
    items: list[Item] = field(default_factory=list)


@dataclass(slots=True)
class Item:
    """A member of an object, or an element of an array.

    Attributes:
        key: The member's key; empty in an array.
        start: Offset of the key or, in an array, of the value.
        comma: Offset of the comma after it; None if there is none.
    """

    key: str
    start: int
    value: Value
    comma: int | None = None

    @property
    def end(self) -> int:
        """Offset after the value."""
        return self.value.end

    @property
    def end_with_comma(self) -> int:
        """Offset after the comma or, without one, after the value."""
        return self.end if self.comma is None else self.comma + 1


def root_value(text: str) -> Value:
    """Return the value that the whole text is."""
    top = Value(0, len(text))
    opened = [top]
    key = None
    for token in _TOKEN.finditer(text):
        word, container = token.group(), opened[-1]
        if word.startswith("/") or word == ":":
            continue
        if word == ",":
            container.items[-1].comma = token.start()
        elif word in {"]", "}"}:
            opened.pop().end = token.end()
        elif key is None and container is not top and text[container.start] == "{":
            key = token
        else:
            value = Value(token.start(), token.end())
            container.items.append(Item(json.loads(key.group()) if key else "", (key or token).start(), value))
            key = None
            if word in {"[", "{"}:
                opened.append(value)
    return top.items[0].value
