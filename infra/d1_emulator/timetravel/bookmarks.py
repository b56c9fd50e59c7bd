"""A moment of a database as a bookmark: numbers in, text out. Pure.

A bookmark has the form of Cloudflare's, 8-8-8-32 hexadecimal digits, and sorts as text from old to new. The groups are
the segment's number, the frames of its write-ahead log, a constant, and a digest. The digest makes the bookmarks of two
databases differ. Clients must treat bookmarks as opaque, as they must treat the service's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

_THIRD_GROUP: Final = "00004e00"  # the service's looks like a serial number; its meaning is not published
_DIGEST_BYTES: Final = 16


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """The state of a database after a commit.

    Attributes:
        segment: The segment's number, from 1.
        frame: How many frames of the segment's write-ahead log belong to this moment; 0 is only the base file.
    """

    segment: int
    frame: int


def bookmark_of(uuid: str, moment: Moment) -> str:
    """Return a moment of the database `uuid` as a bookmark."""
    groups = f"{moment.segment:08x}-{moment.frame:08x}-{_THIRD_GROUP}"
    digest = hashlib.blake2s(f"{uuid} {groups}".encode(), digest_size=_DIGEST_BYTES).hexdigest()
    return f"{groups}-{digest}"


def moment_of(uuid: str, bookmark: str) -> Moment | None:
    """Return the moment of a bookmark of the database `uuid`, or None for any other text."""
    segment, _, rest = bookmark.partition("-")
    frame = rest.partition("-")[0]
    try:
        moment = Moment(int(segment, 16), int(frame, 16))
    except ValueError:
        return None
    return moment if bookmark_of(uuid, moment) == bookmark else None
