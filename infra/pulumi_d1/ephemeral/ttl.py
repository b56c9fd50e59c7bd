"""Lifetime of an ephemeral environment after its last run. Pure."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from pulumi_d1.errors import ConfigError

DEFAULT_TTL: Final = "7d"
"""Lifetime of an ephemeral stack without a `ttl`: a pull request without a push for a week."""

NEVER: Final = "never"

_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_TTL: Final = re.compile("([1-9][0-9]{0,3})([mhdw])")


def parse_ttl(text: str) -> timedelta | None:
    """Return the duration that a text such as `72h` or `7d` names, or None for `never`.

    Raises:
        ConfigError: The text is neither.
    """
    if text == NEVER:
        return None
    if not (match := _TTL.fullmatch(text)):
        raise ConfigError(
            f"'{text}' is not a time to live. Use up to four digits and m, h, d or w, such as 72h or 7d, or {NEVER}"
        )
    return int(match[1]) * _UNITS[match[2]]
