"""Where wrangler keeps the databases of `wrangler dev` and of `--local`."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_KIND: Final = "miniflare-D1DatabaseObject"
"""The Durable Object that serves a local database; its name is the folder's, and part of every file's."""

_BYTES: Final = 16


def local_file(configuration: Path, database_id: str) -> Path:
    """The SQLite file of a local database, which is there once wrangler has used it.

    Args:
        configuration: the wrangler configuration, beside which the state lies.
        database_id: what wrangler knows the database by; see infra.render.local.
    """
    # The id of a Durable Object that has a name, as Miniflare makes it: half of it is the name's digest under the
    # kind's key, and the other half is the first one's.
    key = sha256(_KIND.encode()).digest()
    name = hmac.digest(key, database_id.encode(), sha256)[:_BYTES]
    whole = name + hmac.digest(key, name, sha256)[:_BYTES]
    return configuration.parent / ".wrangler" / "state" / "v3" / "d1" / _KIND / f"{whole.hex()}.sqlite"
