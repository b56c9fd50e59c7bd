"""The roles that the names of environments and databases state. Pure."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PRODUCTION: Final = frozenset({"prod", "production", "prd", "live", "main", "mainnet"})
_DEVELOPMENT: Final = frozenset({"dev", "development", "develop"})
_OTHER: Final = frozenset({
    *("test", "testing", "tests", "testnet", "staging", "stage", "stg", "local", "localhost", "preview", "previews"),
    *("sandbox", "qa", "uat"),
})  # fmt: skip


class Role(StrEnum):
    """The purpose that a name states."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"
    OTHER = "other"
    """Neither: a test, staging, local or preview environment."""

    UNKNOWN = "unknown"


def role_of(*names: str) -> Role:
    """Return the role that the first name with a known word states.

    A word counts anywhere in the name, but only as a whole: `shop-prod-eu` is production, `products` is not. A name
    with words of several roles, such as `test-main`, is not production.
    """
    for name in names:
        words = _words(name)
        for role, known in ((Role.OTHER, _OTHER), (Role.DEVELOPMENT, _DEVELOPMENT), (Role.PRODUCTION, _PRODUCTION)):
            if words & known:
                return role
    return Role.UNKNOWN


def other_word(name: str) -> str:
    """Return the word in a name that makes its role OTHER, such as `staging`; empty if there is none."""
    return next((word for word in _split(name) if word in _OTHER), "")


def _words(name: str) -> set[str]:
    return set(_split(name))


def _split(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]
