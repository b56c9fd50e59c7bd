"""Which files of the folder count: wrangler's `migrations_pattern`, a glob. Pure.

wrangler 4.164.0 matches with minimatch 5.1.9, and this module with wcmatch. What the two read in different ways is
refused, so that neither tool runs a file that the other one does not see.
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
_MOST_ALTERNATIVES = 1000  # wcmatch expands no more
_READ_OTHERWISE = re.compile(r"^[!#]|[()|\[\]{}\n\r\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A glob over the paths inside of the migrations folder.

    Attributes:
        inside: the glob, relative to the folder.
    """

    inside: str

    @property
    def depth(self) -> float:
        """How many folders may lie between the migrations folder and a file that matches."""
        return float("inf") if "**" in self.inside else self.inside.count("/")

    def matches(self, name: str) -> bool:
        """Whether the file counts that is called `name`, a path inside of the folder. Dotfiles do not match `*`."""
        if self.inside == _FLAT:
            return name.endswith(".sql") and not name.startswith(".") and "/" not in name
        from wcmatch import glob  # most projects have a flat folder, and need no globs

        flags = glob.GLOBSTAR | glob.BRACE | glob.FORCEUNIX
        return glob.globmatch(_code_units(name), _code_units(self.inside), flags=flags)


DEFAULT = Pattern(_FLAT)
NESTED = Pattern("*/migration.sql")
"""The layout of Drizzle and Prisma."""


def make_pattern(folder: str, pattern: str) -> Pattern:
    """The pattern that the config key `migrationsPattern` gives.

    Args:
        folder: value of `migrationsDir`, with which `pattern` has to start.
        pattern: value of `migrationsPattern`; empty for the `.sql` files directly in the folder.

    Raises:
        ConfigError: it starts with another folder, or can't be read as wrangler reads it.
    """
    if not pattern:
        return DEFAULT
    path, start = _normalized(pattern), _normalized(folder)
    prefix = "" if start == "." else f"{start}/"
    if not path.startswith(prefix):
        raise ConfigError(
            f"migrationsPattern '{pattern}' does not start with '{prefix}', the folder that migrationsDir names: "
            f"set it to a pattern such as '{prefix}{NESTED.inside}', or migrationsDir to the folder that it starts with"
        )
    made = Pattern(path.removeprefix(prefix))
    if reason := _not_as_minimatch(made):
        raise ConfigError(
            f"migrationsPattern '{pattern}' {reason}: write it with *, **, ?, [a-z] and {{a,b}} alone, which mean the "
            "same to wrangler and to this program"
        )
    return made


def _normalized(path: str) -> str:
    return posixpath.normpath(path.replace("\\", "/")).rstrip("/")


def _not_as_minimatch(pattern: Pattern) -> str | None:
    """What wcmatch does not read as minimatch does: `!`, `#`, extglobs, odd brackets and braces, a second `**`."""
    rest, alternatives = _CLASS.sub("x", pattern.inside), 1
    while choice := _CHOICE.search(rest):
        alternatives *= choice[0].count(",") + 1
        rest = f"{rest[: choice.start()]}x{rest[choice.end() :]}"
    if alternatives > _MOST_ALTERNATIVES:
        return f"stands for more than {_MOST_ALTERNATIVES} patterns"
    if pattern.inside.count("**") > 1:
        return "has '**' more than once"
    if found := _READ_OTHERWISE.search(rest):
        return f"has {found[0]!r} in a place where it can't be read as wrangler reads it"
    return None


def _code_units(text: str) -> str:
    """A character for each UTF-16 code unit of `text`: that is what JavaScript's `?` stands for."""
    units = text.encode("utf-16-be", "surrogatepass")
    return "".join(map(chr, unpack(f">{len(units) // 2}H", units)))
