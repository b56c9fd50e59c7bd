"""A moment in a database's life, as a bookmark: pure, numbers in and text out.

A bookmark has the form that Cloudflare's have, 8-8-8-32 hexadecimal digits, and sorts as text from old to new. Here
the groups are: number of the segment, frames of its write-ahead log, a constant, and a digest that makes bookmarks of
two databases differ. Clients must treat them as opaque, as they must treat the service's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

_THIRD_GROUP: Final = "00004e00"  # the service's looks like a serial number; what it means is not published
_DIGEST_BYTES: Final = 16


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """The state of a database after a commit.

    Attributes:
        segment: number of the segment, from 1.
        frame: how many frames of the segment's write-ahead log belong to this moment; 0 is the base file alone.
    """

    segment: int
    frame: int


def bookmark_of(uuid: str, moment: Moment) -> str:
    """Write a moment of the database `uuid` as a bookmark."""
    groups = f"{moment.segment:08x}-{moment.frame:08x}-{_THIRD_GROUP}"
    digest = hashlib.blake2s(f"{uuid} {groups}".encode(), digest_size=_DIGEST_BYTES).hexdigest()
    return f"{groups}-{digest}"


def moment_of(uuid: str, bookmark: str) -> Moment | None:
    """Read a bookmark of the database `uuid`; None for any other text, another database's bookmarks included."""
    segment, _, rest = bookmark.partition("-")
    frame = rest.partition("-")[0]
    try:
        moment = Moment(int(segment, 16), int(frame, 16))
    except ValueError:
        return None
    return moment if bookmark_of(uuid, moment) == bookmark else None
