"""Says what a command waits for, where somebody sits at a terminal and it takes long."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_SECONDS: Final = 1.0


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """A line on standard error when the block takes longer than PATIENCE_SECONDS; none where that is no terminal.

    Args:
        what: is being done, such as `reading shop-db-dev`.
    """
    if not sys.stderr.isatty():
        yield
        return
    timer = Timer(PATIENCE_SECONDS, click.echo, (f"{what} ...",), {"err": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
