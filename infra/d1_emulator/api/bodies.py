"""Takes JSON bodies apart: the few checks of which all requests are made. Pure; every refusal is a `Malformed`.

The texts are those of the service's validator, as users of the service have reported them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

from d1_emulator.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Sequence


def document(body: bytes) -> dict[str, Any]:
    """Read a body, which must be a JSON object."""
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Malformed("The request is malformed: the body is not JSON") from None
    if not isinstance(value, dict):
        raise Malformed(f"The request is malformed: Expected object, received {kind(value)}")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def text(item: dict[str, Any], name: str, where: str = "") -> str:
    """Take a string that must be there; `where` is what an error puts before the name."""
    if name not in item:
        raise Malformed.at(f"{where}{name}", "Required")
    value = item[name]
    if not isinstance(value, str):
        raise Malformed.at(f"{where}{name}", f"Expected string, received {kind(value)}")
    return without_lone_surrogates(value)


def without_lone_surrogates(text: str) -> str:
    """Replace halves of surrogate pairs, which JSON can carry and UTF-8 cannot, as JavaScript's encoder does."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def choice(item: dict[str, Any], name: str, choices: Sequence[str], where: str = "") -> str | None:
    """Take one of several words; None where the property is left out."""
    if name not in item:
        return None
    value = item[name]
    if value not in choices:
        raise Malformed.at(f"{where}{name}", not_a_choice(choices, value))
    return str(value)


def not_a_choice(choices: Sequence[str], value: object) -> str:
    """Word the refusal of a value that is none of the choices."""
    return f"Invalid enum value. Expected {' | '.join(map(repr, choices))}, received {value!r}"


def kind(value: object) -> str:
    """Name the type of a JSON value as JavaScript does."""
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
