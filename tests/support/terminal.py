"""A terminal of a given width, in this process."""

from __future__ import annotations

from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


class Terminal(StringIO):
    """A stream that collects what a terminal gets."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """Return True, as a terminal does."""
        return True


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch, columns: int, **variables: str) -> Iterator[Terminal]:
    """Let standard output and errors go to a terminal while the block runs."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"COLUMNS": str(columns), "TERM": "xterm", **variables}.items():
        monkeypatch.setenv(name, value)
    with redirect_stdout(Terminal()) as stream, redirect_stderr(stream):
        yield stream
