"""Progress messages: standard logging, with one handler in each process."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

from pulumi_d1.escaping import escape_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEARTBEAT_SECONDS: Final = 10.0

logger = logging.getLogger(__name__)


class _Handler(logging.Handler):
    def __init__(self, show: Callable[[str], None]) -> None:
        super().__init__()
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        """Show the record's message, escaped."""
        self._show(escape_lines(record.getMessage()))


@contextmanager
def reported(activity: str, every: float = HEARTBEAT_SECONDS) -> Iterator[None]:
    """Log an activity now and then while the block runs.

    Args:
        activity: A phrase such as `rehearsing 3 files`.
    """
    end, start = Event(), time.monotonic()

    def report() -> None:
        while not end.wait(every):
            logger.info(f"{activity} ({time.monotonic() - start:.0f} s)")

    thread = Thread(target=report, daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def show_messages(show: Callable[[str], None]) -> None:
    """Pass each message of this package to `show` from now on."""
    logger = logging.getLogger("pulumi_d1")
    logger.setLevel(logging.INFO)
    logger.handlers[:] = [_Handler(show)]
