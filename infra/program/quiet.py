"""Errors of a dynamic provider without a Python traceback.

pulumi.dynamic answers every exception with traceback.format_exc(). An error of ours is raised again as one that prints
as `D1: message`, and sys.tracebacklimit, Python's own switch, leaves out the rest. An unforeseen exception keeps its
traceback.
"""

from __future__ import annotations

import sys
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
    """Lets a D1Error through as its message alone."""
    vars(sys).pop("tracebacklimit", None)
    try:
        yield
    except D1Error as error:
        sys.tracebacklimit = 0
        raise _Shown(str(error)) from None
