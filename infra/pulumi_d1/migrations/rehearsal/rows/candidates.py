"""Values for generated rows: one that suits a column's name and type, and others that a constraint may accept. Pure.

Nothing here has to be right, because SQLite decides: a wrong guess costs one attempt.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain, pairwise, product, repeat, zip_longest
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pulumi_d1.sqlite.execute import SQLValue
    from pulumi_d1.sqlite.schema import Column

T = TypeVar("T")

Choice: TypeAlias = "tuple[tuple[int, int], ...]"
"""Pairs of a column's place and the rank of the value to try in it."""

_BOOLEAN: Final = re.compile(
    r"^(is|has|can)(_|[A-Z])|([eE]nabled|[aA]ctive|[vV]erified|[pP]ublished|[aA]rchived|[cC]ompleted)$"
)
_TIME: Final = re.compile(r"(_at|_on|[a-z]At|[a-z]On|[tT]ime|[tT]imestamp|[^p]date|Date)$|^(date|time)|^(DATE|TIME)")
_TEXTS: Final = (
    (
        re.compile(r"(?i)json|meta(data)?$|payload|settings|config|options|tags|props|scopes|permissions"),
        '{{"n": {number}}}',
    ),
    (re.compile(r"(?i)uuid|guid"), "{place:08x}-0000-4000-8000-{n:012x}"),
    (re.compile(r"(?i)ur[il]$|link|href|website"), "https://example.com/{name}/{n}"),
    (re.compile(r"(?i)mail"), "{name}{n}@example.com"),
    (re.compile(r"(?i)slug"), "{name}-{n}"),
    (re.compile(r""), "{name} {n}"),
)
"""Patterns of names and types, and the text for a column. The first one that matches counts."""

_KINDS: Final = {
    "integer": ("INT", "NUM", "DEC", "MONEY"),
    "text": ("CHAR", "CLOB", "TEXT"),
    "blob": ("BLOB",),
    "real": ("REAL", "FLOA", "DOUB"),
    "boolean": ("BOOL",),
}
"""Parts of types. As in SQLite's rules of affinity, the first one counts. Other types are for text."""

_LITERAL: Final = re.compile(r"""'((?:[^']|'')*)'|"((?:[^"]|"")*)"|(?<!\w)(\d{1,15}(?:\.\d{1,15})?)(?!\w)""")
_GLOB: Final = re.compile(r"\[(\^?)(.)(?:-(.))?[^]]*\]|[*?]", re.DOTALL)
_LIKE: Final = re.compile(r"[%_]")
_MOST_LITERALS: Final = 50  # of one column: more are a list of values, of which a few are enough
_MOST_CHARACTERS: Final = 10_000
_MOST_COMBINATIONS: Final = 1_000
_MAX_INTEGER: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Literals:
    """The literals in the constraints of a column."""

    texts: tuple[str, ...]
    numbers: tuple[int | float, ...]


def read_literals(expressions: Iterable[str]) -> Literals:
    """Return the literals of SQL expressions, in order and without duplicates."""
    texts: dict[str, None] = {}
    numbers: dict[int | float, None] = {}
    for single, double, number in chain.from_iterable(map(_LITERAL.findall, expressions)):
        if number:
            numbers[float(number) if "." in number else int(number)] = None
        else:
            texts[single.replace("''", "'") or double.replace('""', '"')] = None
    return Literals(tuple(texts)[:_MOST_LITERALS], tuple(numbers)[:_MOST_LITERALS])


def preferred(column: Column, place: int, n: int) -> SQLValue:
    """Return the value of a column in row `n`, counted from 1: another one in each row and each column.

    Args:
        place: 0-based index of the column in its table.
    """
    number = place * 100 + n  # a later column is greater, as in "minimum, maximum" and in an R*Tree
    match _kind(column.name, column.type.upper()):
        case "boolean":
            return n % 2
        case "integer":
            return number
        case "real":
            return number + 0.5
        case "blob":
            return f"{column.name} {n}".encode()
        case "time":
            return _moment(place, n).isoformat(" ")
        case template:
            return template.format(name=column.name, n=n, place=place, number=number)


def choices(sizes: Sequence[int]) -> Iterator[Choice]:
    """Yield which values to try: another one in one column, the same kind in all, then in several, simplest first.

    Args:
        sizes: Number of values for each column. The last one may be NULL, which is tried late: most CHECKs accept it.
    """
    places = [*enumerate(sizes)]
    yield from (((place, rank),) for rank in range(max(sizes) - 1) for place, size in places if rank < size - 1)
    yield from (tuple((place, rank) for place, _ in places) for rank in range(min(sizes) - 1))
    depth = int(_MOST_COMBINATIONS ** (1 / len(sizes)) + 1e-9)
    if depth > 1:
        tried = [(*range(min(size, depth) - 1), size - 1) for size in sizes]
        for indexes in sorted(product(*(range(len(values)) for values in tried)), key=sum):
            yield tuple((place, tried[place][index]) for place, index in enumerate(indexes))
    yield from (((place, size - 1),) for place, size in places)


def alternatives(literals: Literals, others: Sequence[SQLValue], place: int, n: int) -> tuple[SQLValue, ...]:
    """Return values of many kinds, those first that the literals suggest. Most are other ones in each row.

    Args:
        literals: What the constraints compare the column with.
        others: The row's values in the columns that the same constraint names.
        n: 1-based number of the row.
    """
    suggested = chain.from_iterable(zip_longest(_like_literals(literals, n), _like_others(others)))
    values = dict.fromkeys(value for value in chain(suggested, _generic(place, n)) if value is not None)
    return tuple(value for value in values if not isinstance(value, int) or abs(value) <= _MAX_INTEGER)


def _like_literals(literals: Literals, n: int) -> Iterator[SQLValue]:
    texts, numbers = (_rotated(literals.texts, n), _rotated(literals.numbers, n))
    sizes = [size for size in numbers if isinstance(size, int) and 0 < size <= _MOST_CHARACTERS][:10]
    sizes = [near for size in sizes for near in (size, size + 1, size - 1) if near]
    yield from (number + n for number in literals.numbers)
    yield from (low + (high - low) * n / (n + 1) for low, high in pairwise(sorted(literals.numbers)))
    for text in texts:
        for pattern in (_GLOB, _LIKE):
            if pattern.search(text):
                yield _filled(pattern, text, f"v{n}", n)
                rest = len(_filled(pattern, text, "", n))
                yield from (_filled(pattern, text, f"{n:0{size - rest}}", n) for size in sizes if size > rest)
        yield text
    if keys := [text.removeprefix("$.") for text in texts if text.startswith("$.")]:
        for value in (n, *(text for text in texts if not text.startswith("$"))):
            yield json.dumps(dict.fromkeys(keys, value))
    yield from (value for number in numbers for value in (number - n, number, number * n, -number, -number - n))
    for size in sizes:
        yield f"1{n:0{size - 1}}"[-size:]  # text or, if it is short enough, a number
        yield chr(ord("A") + n % 26) * size
        yield chr(ord("a") + n % 26) * size
        yield bytes([n % 256]) * size


def _like_others(others: Sequence[SQLValue]) -> Iterator[SQLValue]:
    yield from others
    for other in others:
        if isinstance(other, int | float):
            yield from (other + 1, other - 1)
        elif isinstance(other, str):
            yield f"{other}~"


@lru_cache(maxsize=1_000)
def _generic(place: int, n: int) -> tuple[SQLValue, ...]:
    moment, letter = _moment(place, n), chr(ord("a") + n % 26)
    numbers = (n, 0 if n % 2 else 1, -n, n + 0.5, n / 1000)
    moments = (str(moment.date()), str(moment), f"{moment.isoformat()}Z", f"{moment.isoformat()}.000Z")
    times = (str(moment.time()), f"{moment:%H:%M}")
    texts = (f"{place:08x}-0000-4000-8000-{n:012x}", f"value{letter}", f"VALUE{letter.upper()}", str(n), "")
    return (json.dumps({"n": n}), json.dumps([n]), *numbers, *moments, *times, *texts, b"", bytes([n % 256]) * 16)


@lru_cache(maxsize=10_000)
def _kind(name: str, type_: str) -> str:
    """Return one of _KINDS, "time", or the template of a text."""
    kind = next((kind for kind, parts in _KINDS.items() if any(part in type_ for part in parts)), "text")
    if kind == "integer" and _BOOLEAN.search(name):
        return "boolean"
    if kind != "text":
        return kind
    if _TIME.search(name) or _TIME.search(type_):
        return "time"
    return next(template for pattern, template in _TEXTS if pattern.search(name) or pattern.search(type_))


def _moment(place: int, n: int) -> datetime:
    """Return a time that is later in a later column."""
    return datetime(2024, 1, 1, 10) + timedelta(days=(n * 100 + place) % 3_000, minutes=n % 1_000)  # noqa: DTZ001 - as SQLite has them


def _rotated(values: tuple[T, ...], n: int) -> tuple[T, ...]:
    """Return the values in an order of their own for each row, so that a list of values is used up."""
    start = n % len(values) if values else 0
    return values[start:] + values[:start]


def _filled(pattern: re.Pattern[str], text: str, rest: str, n: int) -> str:
    """Return a text that a GLOB or LIKE pattern accepts. Its first "any characters" are `rest`."""
    rests = chain([rest], repeat("x"))

    def fill(match: re.Match[str]) -> str:
        if match[0] in {"*", "%"}:
            return next(rests)
        if match[0] in {"?", "_"}:
            return str(n % 10)
        negated, low, high = match.groups()
        return "x" if negated else chr(ord(low) + n % max(1, ord(high or low) - ord(low) + 1))

    return pattern.sub(fill, text)
