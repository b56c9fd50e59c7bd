"""The databases of `wrangler dev` and of `--local`, where wrangler keeps them."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from pulumi_d1.sqlite.file import File

if TYPE_CHECKING:
    from pathlib import Path

_KIND: Final = "miniflare-D1DatabaseObject"
"""The Durable Object that serves a local database; its name is the folder's, and part of every file's."""

_BYTES: Final = 16


def local_database(configuration: Path, known_by: str) -> File | None:
    """A local database; None until wrangler has made it.

    Args:
        configuration: the wrangler configuration, beside which the state lies.
        known_by: what wrangler knows the database by, as pulumi_d1.wrangler.local_id tells it.
    """
    file = configuration.parent / ".wrangler" / "state" / "v3" / "d1" / _KIND / f"{_id(known_by)}.sqlite"
    return File(file) if file.is_file() else None


def _id(name: str) -> str:
    """The id of the Durable Object of this name, as Miniflare makes it.

    Half of it is the name's digest under the kind's key, and the other half is the first one's.
    """
    key = sha256(_KIND.encode()).digest()
    half = hmac.digest(key, name.encode(), sha256)[:_BYTES]
    return (half + hmac.digest(key, half, sha256)[:_BYTES]).hex()
