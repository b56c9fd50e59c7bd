"""Where things stand in a JSON text with comments. Pure.

json5 says what a text means, but not where. With the positions, an edit leaves every other byte alone. The text must be
valid: it has been read before.
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
        start: where it starts.
        end: where it ends, its closing bracket included.
        items: members of an object, or elements of an array.
    """

    start: int
    end: int
    items: list[Item] = field(default_factory=list)


@dataclass(slots=True)
class Item:
    """A member of an object, or an element of an array.

    Attributes:
        key: the member's; empty in an array.
        start: where the key starts, or the element.
        value: the value.
        comma: where the comma behind it is; None where there is none.
    """

    key: str
    start: int
    value: Value
    comma: int | None = None

    @property
    def end(self) -> int:
        """Where the value ends."""
        return self.value.end

    @property
    def behind(self) -> int:
        """Where its comma ends, or its value where there is no comma."""
        return self.end if self.comma is None else self.comma + 1


def value_in(text: str) -> Value:
    """The value that `text` is."""
    top = Value(0, len(text))
    opened = [top]
    key = None
    for token in _TOKEN.finditer(text):
        word, inside = token.group(), opened[-1]
        if word.startswith("/") or word == ":":
            continue
        if word == ",":
            inside.items[-1].comma = token.start()
        elif word in {"]", "}"}:
            opened.pop().end = token.end()
        elif key is None and inside is not top and text[inside.start] == "{":
            key = token
        else:
            value = Value(token.start(), token.end())
            inside.items.append(Item(json.loads(key.group()) if key else "", (key or token).start(), value))
            key = None
            if word in {"[", "{"}:
                opened.append(value)
    return top.items[0].value
