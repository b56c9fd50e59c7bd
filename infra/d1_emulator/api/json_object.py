"""Read JSON bodies, with one getter for each type of property. Pure.

Every error is a `Malformed` that names the property. The texts are those of the service's validator, as users of the
service have reported them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NoReturn

from d1_emulator.api_errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_MAX_NUMBER: Final = 1_000_000_000
"""The largest number that the getters accept: thirty years, in seconds."""


class JsonObject:
    """A JSON object.

    Args:
        value: The parsed JSON. Malformed is raised unless it is an object.
        name: The object's name inside its document, such as "faults[0]"; empty for the document itself.

    Attributes:
        values: The properties, by name.
    """

    def __init__(self, value: object, name: str = "") -> None:
        if not isinstance(value, dict):
            problem = f"Expected object, received {json_type(value)}"
            raise Malformed.at(name, problem) if name else Malformed(f"The request is malformed: {problem}")
        self.values: dict[str, Any] = value
        self._prefix = f"{name}." if name else ""

    @classmethod
    def parse(cls, body: bytes) -> JsonObject:
        """Read a body, which must be a JSON object."""
        try:
            value = json.loads(body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise Malformed("The request is malformed: the body is not JSON") from None
        return cls(value)

    def refuse_unknown(self, known: Iterable[str]) -> None:
        """Raise Malformed if there is a property with another name."""
        known = tuple(known)
        for name in self.values:
            if name not in known:
                raise self.problem(name, f"Unknown; known are {', '.join(known)}")

    def text(self, name: str, default: str | None = None) -> str:
        """Return a string. The property is required unless there is a default."""
        if name not in self.values:
            if default is None:
                raise self.problem(name, "Required")
            return default
        if not isinstance(self.values[name], str):
            raise self._mistyped(name, "string")
        return without_lone_surrogates(self.values[name])

    def choice(self, name: str, choices: Collection[str]) -> str:
        """Return one of the choices; the property is required."""
        value = self.optional_choice(name, choices)
        if value is None:
            raise self.problem(name, "Required")
        return value

    def optional_choice(self, name: str, choices: Collection[str]) -> str | None:
        """Return one of the choices, or None if the property is left out."""
        if name not in self.values:
            return None
        if self.values[name] not in choices:
            raise self.problem(name, not_a_choice(choices, self.values[name]))
        return str(self.values[name])

    def flag(self, name: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self.values.get(name, default)
        if not isinstance(value, bool):
            raise self._mistyped(name, "boolean")
        return value

    def whole(self, name: str, minimum: int, default: int) -> int:
        """Return a whole number."""
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._mistyped(name, "integer")
        self._check_bounds(name, minimum, value)
        return value

    def whole_or_none(self, name: str, minimum: int, default: int | None) -> int | None:
        """Return a whole number, or None for null."""
        value = self.values.get(name, default)
        return None if value is None else self.whole(name, minimum, value)

    def number(self, name: str, minimum: float, default: float) -> float:
        """Return a number."""
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._mistyped(name, "number")
        self._check_bounds(name, minimum, value)
        return float(value)

    def number_or_none(self, name: str, minimum: float, default: float | None) -> float | None:
        """Return a number, or None for null."""
        value = self.values.get(name, default)
        return None if value is None else self.number(name, minimum, value)

    def array(self, name: str) -> list[Any]:
        """Return an array, which must be there."""
        items = self.values[name]
        if not isinstance(items, list):
            raise self._mistyped(name, "array")
        return items

    def child(self, name: str) -> JsonObject:
        """Return an object, which must be there."""
        return JsonObject(self.values[name], f"{self._prefix}{name}")

    def children(self, name: str) -> tuple[JsonObject, ...]:
        """Return the objects of an array, which must be there."""
        items = enumerate(self.array(name))
        return tuple(JsonObject(item, f"{self._prefix}{name}[{index}]") for index, item in items)

    def problem(self, name: str, text: str) -> Malformed:
        """Return the error for a property."""
        return Malformed.at(f"{self._prefix}{name}", text)

    def _check_bounds(self, name: str, minimum: float, value: float) -> None:
        if not minimum <= value <= _MAX_NUMBER:
            raise self.problem(name, f"Number must be from {minimum} to {_MAX_NUMBER}")

    def _mistyped(self, name: str, expected: str) -> Malformed:
        return self.problem(name, f"Expected {expected}, received {json_type(self.values[name])}")


def not_a_choice(choices: Iterable[str], value: object) -> str:
    """Return the problem of a value that is none of the choices."""
    return f"Invalid enum value. Expected {' | '.join(map(repr, choices))}, received {value!r}"


def json_type(value: object) -> str:
    """Return the type of a JSON value as JavaScript names it."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def without_lone_surrogates(text: str) -> str:
    """Replace halves of surrogate pairs, as JavaScript's encoder does. JSON can carry them, and UTF-8 cannot."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
