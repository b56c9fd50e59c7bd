"""The name of a new migration, in the layout of those that exist. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.pattern import NESTED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulumi_d1.migrations.pattern import Pattern

_NUMBERED: Final = re.compile(r"(?P<digits>[0-9]+)(?P<separator>[^0-9A-Za-z.]*)")
_CLOCKS: Final = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
"""Formats of times as numbers, by their length."""
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS: Final = {10: 1, 13: 1000}
"""Units of times since 1970, by their length."""


def next_name(names: Sequence[str], pattern: Pattern, words: str, now: datetime) -> str:
    """Return the name of a file that runs after the others: with the next number, or with the time if they have times.

    A folder without files gets wrangler's numbers, or Drizzle's folders if that is the pattern.

    Args:
        names: The names of the migrations, in the order in which they run.
        pattern: The files that count.
        words: The words of the name.

    Raises:
        ConfigError: The words have no letter or digit, the files have no numbers, or the name would not match.
    """
    title = _title(words)
    name = _following(names, title, now) if names else _first(pattern, title, now)
    return _checked(name, pattern)


def same_number(name: str, pattern: Pattern, words: str) -> str:
    """Return the name of a file with the number of another one.

    Raises:
        ConfigError: The words have no letter or digit, the file has no number, or the name would not match.
    """
    return _checked(_renamed(name, _title(words), lambda digits: digits), pattern)


def first_line(name: str, now: datetime) -> str:
    """Return the comment with which wrangler starts a migration."""
    number = name.partition("_")[0]
    return f"-- Migration number: {number} \t {now.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}\n"


def _first(pattern: Pattern, title: str, now: datetime) -> str:
    return f"{now.strftime(_CLOCKS[14])}_{title}/migration.sql" if pattern == NESTED else f"0001_{title}.sql"


def _title(words: str) -> str:
    title = "_".join(re.findall(r"\w+", words)).strip("_")
    if not title:
        raise ConfigError(f"{words!r} cannot be part of a file name: use a few words, such as 'add tags'")
    return title


def _checked(name: str, pattern: Pattern) -> str:
    if not pattern.matches(name):
        raise ConfigError(f"{name} would not match migrationsPattern: create the file yourself")
    return name


def _following(names: Sequence[str], title: str, now: datetime) -> str:
    """Return the last numbered name with another number and title."""
    last = next((name for name in reversed(names) if any(map(_NUMBERED.match, name.split("/")))), names[-1])
    return _renamed(last, title, lambda digits: _next_number(digits, now))


def _renamed(name: str, title: str, number: Callable[[str], str]) -> str:
    """Return a name with another number and title."""
    segments = name.split("/")
    for place in reversed(range(len(segments))):
        if match := _NUMBERED.match(segments[place]):
            extension = ".sql" if place == len(segments) - 1 else ""
            separator = match["separator"] or "_"
            segments[place] = f"{number(match['digits'])}{separator}{title}{extension}"
            return "/".join(segments)
    raise ConfigError(f"{name} has no number, so a file with one would run before it: create the file yourself")


def _next_number(digits: str, now: datetime) -> str:
    """Return a number with at least as many digits: the time if `digits` are one, or the next number."""
    following = int(digits) + 1
    if (clock := _CLOCKS.get(len(digits))) and _is_time(digits, clock):
        following = max(following, int(now.strftime(clock)))
    elif (unit := _SECONDS.get(len(digits))) and digits.startswith("1"):
        following = max(following, int(now.timestamp() * unit))
    return f"{following:0{len(digits)}}"


def _is_time(digits: str, clock: str) -> bool:
    try:
        return datetime.strptime(digits, clock).replace(tzinfo=UTC) >= _EARLIEST
    except ValueError:
        return False
