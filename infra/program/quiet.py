"""Errors of a dynamic provider without a Python traceback.

pulumi.dynamic answers every exception with traceback.format_exc(). An error of ours is raised again as one that prints
as `D1: message`, and sys.tracebacklimit, Python's own switch, leaves out the rest. An unforeseen exception has its
traceback as the message.
"""

from __future__ import annotations

import sys
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

from infra.errors import D1Error

if TYPE_CHECKING:
    from collections.abc import Iterator


NAME = "D1"
"""Stands before each message."""


class _Shown(Exception):
    """What the user reads."""

    __module__ = "builtins"  # a module of this name is left out when an exception is printed


_Shown.__qualname__ = NAME


@contextmanager
def message_only() -> Iterator[None]:
    """Lets a D1Error through as its message alone, and an unforeseen exception with its traceback in its message."""
    # For good: calls run at the same time, and what one of them sets holds for the errors of all.
    sys.tracebacklimit = 0
    try:
        yield
    except D1Error as error:
        raise _Shown(str(error)) from None
    except Exception as error:  # noqa: BLE001 - raised again, with all that is known of it
        raise _Shown("".join(traceback.format_exception(error, limit=sys.maxsize)).rstrip()) from None
