"""Reads the properties of a JSON object, each with a default. A refusal is a `Malformed` that names the property."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from d1_emulator.api import bodies
from d1_emulator.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _typeshed import DataclassInstance

_MOST: Final = 1_000_000_000
"""No number may be larger: thirty years, in seconds."""


class Properties:
    """The properties of one object.

    Args:
        value: must be an object.
        of: the dataclass whose attributes are the names that are known.
        name: of the object inside of its document; empty for the document itself.

    Attributes:
        values: the properties, by name.
        where: what an error puts before the name of a property.

    Raises:
        Malformed: the value is no object, or has a property that is unknown.
    """

    def __init__(self, value: object, of: type[DataclassInstance], name: str = "") -> None:
        if not isinstance(value, dict):
            raise Malformed.at(name, f"Expected object, received {bodies.kind(value)}")
        self.values: dict[str, Any] = value
        self.where = f"{name}." if name else ""
        known = [field.name for field in fields(of)]
        for each in value:
            if each not in known:
                raise Malformed.at(f"{self.where}{each}", f"Unknown; known are {', '.join(known)}")

    def choice(self, name: str, choices: Sequence[str]) -> str | None:
        """Take one of several words; None where it is left out or null."""
        words = [str(choice) for choice in choices]
        return None if self.values.get(name) is None else bodies.choice(self.values, name, words, self.where)

    def text(self, name: str, default: str) -> str:
        """Take a string."""
        return bodies.text(self.values, name, self.where) if name in self.values else default

    def flag(self, name: str, *, default: bool) -> bool:
        """Take true or false."""
        value = self.values.get(name, default)
        if not isinstance(value, bool):
            raise self._mistaken(name, "boolean", value)
        return value

    def whole(self, name: str, least: int, default: int) -> int:
        """Take a whole number that is not less than `least`."""
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._mistaken(name, "integer", value)
        self._check_bounds(name, least, value)
        return value

    def whole_or_none(self, name: str, least: int, default: int | None) -> int | None:
        """Take a whole number that is not less than `least`, or null."""
        value = self.values.get(name, default)
        return None if value is None else self.whole(name, least, value)

    def number(self, name: str, least: float, default: float) -> float:
        """Take any number that is not less than `least`."""
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._mistaken(name, "number", value)
        self._check_bounds(name, least, value)
        return float(value)

    def _check_bounds(self, name: str, least: float, value: float) -> None:
        if not least <= value <= _MOST:
            raise Malformed.at(f"{self.where}{name}", f"Number must be from {least} to {_MOST}")

    def _mistaken(self, name: str, expected: str, value: object) -> Malformed:
        return Malformed.at(f"{self.where}{name}", f"Expected {expected}, received {bodies.kind(value)}")
