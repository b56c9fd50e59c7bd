"""Name a slow activity on a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING, Final

from pulumi_d1.cli.support.output import say

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_SECONDS: Final = 1.0


@contextmanager
def waiting(activity: str) -> Iterator[None]:
    """Print the activity if the block takes longer than PATIENCE_SECONDS and standard error is a terminal.

    Args:
        activity: A phrase such as `reading shop-db-dev`.
    """
    if not sys.stderr.isatty():
        yield
        return
    timer = Timer(PATIENCE_SECONDS, say, (f"{activity} ...",), {"err": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
