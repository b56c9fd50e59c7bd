"""Random inputs that are nearly valid, from fixed seeds: input 17 of a test is the same in every run.

FUZZ_INPUTS is the number of inputs of each test. To run one again: `FUZZ_FIRST=17 FUZZ_INPUTS=1`.
"""

from __future__ import annotations

import json
import os
import random
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DEFAULT_INPUTS: Final = 200

_SAMPLES: Final = ROOT / "tests/support/fuzz"
_CHARACTERS: Final = "\0\n\r\t\x1b\x7f\u0085\u2028\ufeff\ufffe\U0001f600\"'`\\/*-#;:,.=[]{}()<>&!|%@ 0179eE+aZ_ä"
_CLOSING: Final = {"[": "]", "{": "}", "(": ")"}
_BYTES: Final = (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f", b"\xef\xbb\xbf", b"\x80")
_LONG: Final = 3_000

ODD_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1, 7500, 2**31, 2**63, -(2**64), 10**30, 0.5, -0.0, 1e308, 1e-320),
    *("", " ", "\0", "\n\x1b[31mred", "null", "true", "7500", "../..", "%2e%2e", "\u202e", "\U0001f600", "x" * 5_000),
    *([], {}, [[]], [None], [{}], {"": ""}, {"a": {"b": []}}, ["x"] * 50, "00000001-00000002", "; rm -rf ~"),
)


def fuzz_inputs(name: str) -> Iterator[tuple[int, random.Random]]:
    """Yield the number and the dice of each input of a test."""
    first = int(os.environ.get("FUZZ_FIRST", "0"))
    for number in range(first, first + int(os.environ.get("FUZZ_INPUTS", DEFAULT_INPUTS))):
        yield number, random.Random(f"{name} {number}")  # noqa: S311 - chance, not a secret


def samples(language: str) -> tuple[list[str], list[str]]:
    """Return valid files of a language, and words of it, from tests/support/fuzz."""
    texts = [file.read_bytes().decode() for file in sorted(_SAMPLES.glob(f"*.{language}"))]
    return texts, json.loads((_SAMPLES / "words.json").read_text())[language]


def mutated_text(dice: random.Random, texts: Sequence[str], words: Sequence[str]) -> bytes:
    """Return one of `texts` after some random changes.

    Args:
        words: Words of the language, which are inserted and repeated.
    """
    text = dice.choice(texts)
    for _ in range(dice.choice((0, 1, 1, 2, 3, 5, 8))):
        start = dice.randint(0, len(text))
        end = min(len(text), start + dice.choice((0, 0, 1, 3, 20, 200)))
        match dice.randrange(7):
            case 0:
                new = ""
            case 1:
                new = dice.choice(_CHARACTERS)
            case 2:
                new = dice.choice(words)
            case 3:
                new = text[start:end] * dice.randint(2, 4)
            case 4:
                word, times = dice.choice(words), dice.choice((2, 30, 90, 300, _LONG))
                new = word * times + dice.choice(("", _CLOSING.get(word[:1], "") * times))
            case 5:
                other = dice.choice(texts)
                at = dice.randint(0, len(other))
                new = other[at : at + dice.choice((5, 50, 500))]
            case _:
                new, end = "", len(text) if dice.random() < 0.3 else end
        text = text[:start] + new + text[end:]
    data = text.encode()
    if dice.random() < 0.1:
        at = dice.randint(0, len(data))
        data = data[:at] + dice.choice(_BYTES) + data[at:]
    return data


def mutated_value(dice: random.Random, value: Any) -> Any:
    """Return a JSON value after some random changes of its parts."""
    result = deepcopy(value)
    for _ in range(dice.choice((0, 1, 1, 1, 2, 4))):
        result = _changed(dice, result)
    return result


def _changed(dice: random.Random, value: Any) -> Any:
    if dice.random() < 0.15 or not isinstance(value, dict | list) or not value:
        return deepcopy(dice.choice(ODD_VALUES))
    if isinstance(value, dict):
        key = dice.choice(list(value))
        match dice.randrange(8):
            case 0:
                del value[key]
            case 1:
                value[str(dice.choice(ODD_VALUES))[:20]] = value[key]
            case 2:
                value["extra"] = dice.choice(ODD_VALUES)
            case _:
                value[key] = _changed(dice, value[key])
        return value
    index = dice.randrange(len(value))
    match dice.randrange(6):
        case 0:
            del value[index]
        case 1:
            value.append(deepcopy(value[index]))
        case _:
            value[index] = _changed(dice, value[index])
    return value
