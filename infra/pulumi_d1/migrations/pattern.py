"""The files of the folder that count: wrangler's `migrations_pattern`, a glob. Pure.

wrangler 4.164.0 matches with minimatch 5.1.9, and this module with wcmatch. Patterns that the two read differently are
refused. So neither tool runs a file that the other one skips.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from struct import unpack

from pulumi_d1.errors import ConfigError

_FLAT = "*.sql"
_CLASS = re.compile(r"\[[!^]?(?:\w-\w|[\w.])+\]")
_CHOICE = re.compile(r"(?<!\$)\{[^{}]*,[^{}]*\}")
_MOST_ALTERNATIVES = 1000  # wcmatch's limit
_AMBIGUOUS = re.compile(r"^[!#]|[()|\[\]{}\n\r\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A glob over the paths inside of the migrations folder.

    Attributes:
        inside: The glob, relative to the folder.
    """

    inside: str

    @property
    def depth(self) -> float:
        """The most folders between the migrations folder and a file that matches."""
        return float("inf") if "**" in self.inside else self.inside.count("/")

    def matches(self, name: str) -> bool:
        """Return whether a path inside of the folder matches. `*` does not match dotfiles."""
        if self.inside == _FLAT:
            return name.endswith(".sql") and not name.startswith(".") and "/" not in name
        from wcmatch import glob  # slow to import, and most projects have a flat folder

        flags = glob.GLOBSTAR | glob.BRACE | glob.FORCEUNIX
        return glob.globmatch(_code_units(name), _code_units(self.inside), flags=flags)


DEFAULT = Pattern(_FLAT)
NESTED = Pattern("*/migration.sql")
"""The layout of Drizzle and Prisma."""


def make_pattern(folder: str, pattern: str) -> Pattern:
    """Return the pattern that the config key `migrationsPattern` names.

    Args:
        folder: The value of `migrationsDir`, which `pattern` must start with.
        pattern: The value of `migrationsPattern`; empty for the `.sql` files directly in the folder.

    Raises:
        ConfigError: It starts with another folder, or wrangler would read it differently.
    """
    if not pattern:
        return DEFAULT
    path, start = _normalized(pattern), _normalized(folder)
    prefix = "" if start == "." else f"{start}/"
    if not path.startswith(prefix):
        raise ConfigError(
            f"migrationsPattern '{pattern}' does not start with '{prefix}', the value of migrationsDir: set it to a "
            f"pattern such as '{prefix}{NESTED.inside}', or set migrationsDir to the folder that it starts with"
        )
    relative = Pattern(path.removeprefix(prefix))
    if reason := _difference_from_minimatch(relative):
        raise ConfigError(
            f"migrationsPattern '{pattern}' {reason}: use only *, **, ?, [a-z] and {{a,b}}, which wrangler and this "
            "program read alike"
        )
    return relative


def _normalized(path: str) -> str:
    return posixpath.normpath(path.replace("\\", "/")).rstrip("/")


def _difference_from_minimatch(pattern: Pattern) -> str | None:
    """Return the part that wcmatch reads differently from minimatch, or None.

    These are `!`, `#`, extglobs, unusual brackets and braces, and a second `**`.
    """
    rest, alternatives = _CLASS.sub("x", pattern.inside), 1
    while choice := _CHOICE.search(rest):
        alternatives *= choice[0].count(",") + 1
        rest = f"{rest[: choice.start()]}x{rest[choice.end() :]}"
    if alternatives > _MOST_ALTERNATIVES:
        return f"stands for more than {_MOST_ALTERNATIVES} patterns"
    if pattern.inside.count("**") > 1:
        return "has '**' more than once"
    if character := _AMBIGUOUS.search(rest):
        return f"has {character[0]!r} in a place that wrangler reads differently"
    return None


def _code_units(text: str) -> str:
    """Return a character for each UTF-16 code unit, which is what JavaScript's `?` matches."""
    units = text.encode("utf-16-be", "surrogatepass")
    return "".join(map(chr, unpack(f">{len(units) // 2}H", units)))
