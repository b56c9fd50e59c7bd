"""The open pull requests, as the command line or a file has them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pulumi_d1.ephemeral.names import pull_request_of_stack
from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO


def read_open(numbers: Iterable[int], file: TextIO | None) -> frozenset[int] | None:
    """Numbers of the open pull requests; None where neither option is given.

    Args:
        numbers: those of the command line.
        file: one number in a line, or the JSON of `gh pr list --json number`.

    Raises:
        ConfigError: the file holds something else, or nothing: then whatever wrote it may have failed.
    """
    given = frozenset(numbers)
    if file is None:
        return given or None
    text = file.read().strip()
    if not text:
        raise ConfigError(
            f"{file.name}: is empty, which a command that failed leaves as well: nothing was done. Where no pull "
            f"request is open, give '[]', as 'gh pr list --json number' does"
        )
    return given | (_from_json(text, file.name) if text.startswith("[") else _from_lines(text, file.name))


def _from_json(text: str, name: str) -> frozenset[int]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{name}: is not valid JSON: {error}") from None
    return frozenset(_number(item.get("number") if isinstance(item, dict) else item, name) for item in found)


def _from_lines(text: str, name: str) -> frozenset[int]:
    lines = enumerate(text.splitlines(), start=1)
    return frozenset(_number(line.strip(), f"{name}:{at}") for at, line in lines if line.strip())


def _number(value: Any, place: str) -> int:
    number = None if isinstance(value, bool) else pull_request_of_stack(f"pr-{value}")
    if number is None:
        raise ConfigError(f"{place}: '{value}' is not the number of a pull request: nothing was done")
    return number
