"""Progress messages: standard logging, with one handler in each process."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pulumi_d1.escaping import escape_lines

if TYPE_CHECKING:
    from collections.abc import Callable


class _Handler(logging.Handler):
    def __init__(self, show: Callable[[str], None]) -> None:
        super().__init__()
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        """Show the record's message, escaped."""
        self._show(escape_lines(record.getMessage()))


def show_messages(show: Callable[[str], None]) -> None:
    """Pass each message of this package to `show` from now on."""
    logger = logging.getLogger("pulumi_d1")
    logger.setLevel(logging.INFO)
    logger.handlers[:] = [_Handler(show)]
