"""The open pull requests, read from the command line or a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pulumi_d1.ephemeral.names import pull_request_of_stack
from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO


def read_open_pull_requests(numbers: Iterable[int], file: TextIO | None) -> frozenset[int] | None:
    """Return the numbers of the open pull requests, or None if neither option is set.

    Args:
        numbers: The numbers on the command line.
        file: One number per line, or the JSON of `gh pr list --json number`.

    Raises:
        ConfigError: The file is invalid. An empty one is too: the command that wrote it may have failed.
    """
    from_options = frozenset(numbers)
    if file is None:
        return from_options or None
    text = file.read().strip()
    if not text:
        raise ConfigError(
            f"{file.name}: is empty, as a failed command would leave it: nothing was deleted. If no pull request is "
            "open, write '[]', as 'gh pr list --json number' does"
        )
    return from_options | (_from_json(text, file.name) if text.startswith("[") else _from_lines(text, file.name))


def _from_json(text: str, name: str) -> frozenset[int]:
    try:
        items = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{name}: is not valid JSON: {error}") from None
    return frozenset(_number(item.get("number") if isinstance(item, dict) else item, name) for item in items)


def _from_lines(text: str, name: str) -> frozenset[int]:
    lines = enumerate(text.splitlines(), start=1)
    return frozenset(_number(line.strip(), f"{name}:{number}") for number, line in lines if line.strip())


def _number(value: Any, place: str) -> int:
    number = None if isinstance(value, bool) else pull_request_of_stack(f"pr-{value}")
    if number is None:
        raise ConfigError(f"{place}: '{value}' is not the number of a pull request: nothing was deleted")
    return number
