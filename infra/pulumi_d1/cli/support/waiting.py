"""Show a slow activity on a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from threading import Lock, Timer
from typing import TYPE_CHECKING, Final

from pulumi_d1.cli.support.output import is_coloured, say
from pulumi_d1.escaping import escape_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE_SECONDS: Final = 1.0

_shown: Final = Lock()
"""Held by the activity that is shown. Those inside of it, and beside it in other threads, are parts of it."""


@contextmanager
def waiting(activity: str, parts: int = 0) -> Iterator[Callable[[], None]]:
    """Show the activity if the block takes longer than PATIENCE_SECONDS and standard error is a terminal.

    Args:
        activity: A phrase such as `reading shop-db-dev`.
        parts: The number of parts, for a bar; 0 if it is not known.

    Yields:
        A function to call after each part.
    """
    if not sys.stderr.isatty() or not _shown.acquire(blocking=False):
        yield _nothing
        return
    try:
        with _display(activity, parts) if is_coloured(sys.stderr) else _line(activity) as advance:
            yield advance
    finally:
        _shown.release()


def _nothing() -> None:
    """Count nothing."""


@contextmanager
def _line(activity: str) -> Iterator[Callable[[], None]]:
    """Print the activity once, on a terminal that cannot move its cursor or must not show colours."""
    with _after_patience(lambda: say(f"{activity} ...", err=True)):
        yield _nothing


@contextmanager
def _display(activity: str, parts: int) -> Iterator[Callable[[], None]]:
    """Show a spinner with the seconds, or a bar, which disappears at the end."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = (BarColumn(), MofNCompleteColumn()) if parts else ()
    text = TextColumn("{task.description}", markup=False)
    progress = Progress(SpinnerColumn(), text, *bar, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
    task = progress.add_task(escape_line(activity), total=parts or None)
    try:
        with _after_patience(progress.start):
            yield lambda: progress.advance(task)
    finally:
        progress.stop()


@contextmanager
def _after_patience(action: Callable[[], None]) -> Iterator[None]:
    """Run an action if the block takes longer than PATIENCE_SECONDS. The action has ended when the block has."""
    timer = Timer(PATIENCE_SECONDS, action)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
