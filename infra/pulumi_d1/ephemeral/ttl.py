"""How long an ephemeral environment lives after its last run. Pure."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from pulumi_d1.errors import ConfigError

DEFAULT: Final = "7d"
"""Of an ephemeral stack that is not told another: a pull request that nobody pushed to for a week."""

NEVER: Final = "never"

_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_TTL: Final = re.compile("([1-9][0-9]{0,3})([mhdw])")


def read_ttl(text: str) -> timedelta | None:
    """A time such as `72h` or `7d`; None for `never`.

    Raises:
        ConfigError: it is neither.
    """
    if text == NEVER:
        return None
    if not (found := _TTL.fullmatch(text)):
        raise ConfigError(
            f"'{text}' is not a time to live: give a number of up to four digits and m, h, d or w, such as 72h or 7d, "
            f"or {NEVER}"
        )
    return int(found[1]) * _UNITS[found[2]]
