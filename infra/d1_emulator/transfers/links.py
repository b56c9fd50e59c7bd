"""Files at addresses that cannot be guessed, for an hour: how the service takes imports in and hands exports out."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIFETIME: Final = timedelta(hours=1)
"""How long an address works (Cloudflare's API reference, for exports)."""

_KEY_BYTES: Final = 32

Method: TypeAlias = 'Literal["GET", "PUT"]'


@dataclass(frozen=True, slots=True)
class Link:
    """One address.

    Attributes:
        key: the part of the address that nobody can guess.
        name: of the file, for people.
        method: the one HTTP method that the address is for.
        path: the file; whoever asked for the link, or whoever uses it, makes it.
        expires: on the clock of `Links`, in seconds.
    """

    key: str
    name: str
    method: Method
    path: Path
    expires: float


class Links:
    """The addresses of one emulator. Safe for threads. Expired files are removed when the next link is made.

    Args:
        folder: for the files; it exists.
        clock: seconds; never goes back.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._links: dict[str, Link] = {}

    def new(self, name: str, method: Method) -> Link:
        """Make an address for a file that is yet to be written."""
        key = secrets.token_urlsafe(_KEY_BYTES)
        link = Link(key, name, method, self._folder / key, self._clock() + LIFETIME.total_seconds())
        with self._lock:
            for expired in [other for other in self._links.values() if self._has_expired(other)]:
                expired.path.unlink(missing_ok=True)
                del self._links[expired.key]
            self._links[key] = link
        return link

    def find(self, key: str, method: Method) -> Link | None:
        """Find an address that works; None where there is none, or no longer, or for another method."""
        with self._lock:
            link = self._links.get(key)
        return None if link is None or link.method != method or self._has_expired(link) else link

    def named(self, name: str) -> tuple[Link, ...]:
        """List the addresses that work and whose file has this name."""
        with self._lock:
            return tuple(link for link in self._links.values() if link.name == name and not self._has_expired(link))

    def _has_expired(self, link: Link) -> bool:
        return self._clock() >= link.expires
