"""Files at addresses that cannot be guessed, for an hour, as the service receives imports and offers exports."""

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
"""The time that an address works (Cloudflare's API reference, for exports)."""

_KEY_BYTES: Final = 32

Method: TypeAlias = 'Literal["GET", "PUT"]'


@dataclass(frozen=True, slots=True)
class Link:
    """One address.

    Attributes:
        key: The part of the address that cannot be guessed.
        name: The file's name, for people.
        method: The only HTTP method of the address.
        path: The file; the creator of the link writes it, or its user.
        expires: The time of expiry on the clock of `Links`, in seconds.
    """

    key: str
    name: str
    method: Method
    path: Path
    expires: float


class Links:
    """The addresses of one emulator. Safe for threads. Expired files are deleted when the next link is created.

    Args:
        folder: The folder of the files; it exists.
        clock: Returns seconds that never decrease.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._links: dict[str, Link] = {}

    def new(self, name: str, method: Method) -> Link:
        """Create an address for a file that is yet to be written."""
        key = secrets.token_urlsafe(_KEY_BYTES)
        link = Link(key, name, method, self._folder / key, self._clock() + LIFETIME.total_seconds())
        with self._lock:
            for expired in [other for other in self._links.values() if self._has_expired(other)]:
                expired.path.unlink(missing_ok=True)
                del self._links[expired.key]
            self._links[key] = link
        return link

    def find(self, key: str, method: Method) -> Link | None:
        """Return a valid address, or None if it does not exist, has expired, or has another method."""
        with self._lock:
            link = self._links.get(key)
        return None if link is None or link.method != method or self._has_expired(link) else link

    def named(self, name: str) -> tuple[Link, ...]:
        """Return the valid addresses of files with this name."""
        with self._lock:
            return tuple(link for link in self._links.values() if link.name == name and not self._has_expired(link))

    def _has_expired(self, link: Link) -> bool:
        return self._clock() >= link.expires
