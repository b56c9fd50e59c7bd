"""The local databases of `wrangler dev` and `--local`, as wrangler names and stores them."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from pulumi_d1.sqlite.file import SqliteFile
from pulumi_d1.wrangler.document import Document

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_d1.wrangler.entry import WranglerEntry

_KIND: Final = "miniflare-D1DatabaseObject"
"""The Durable Object that serves local databases; names their folder, and is part of each file's name."""

_BYTES: Final = 16


def local_id(text: str, entry: WranglerEntry) -> str | None:
    """Return the id of the local database of a binding; None if the configuration has no such binding.

    Args:
        entry: The place: the file, the environment and the binding.

    Raises:
        ConfigError: The text is invalid, or its `d1_databases` is not a list of tables.
    """
    tables = Document.parse(text, entry.path).tables(entry.keys)
    table = next((table for table in tables if table.get("binding") == entry.binding), None)
    if table is None:
        return None
    # wrangler's order. Locally a preview id always comes first, and even an empty one counts.
    return str(table.get("preview_database_id", table.get("database_id", entry.binding)))


def local_database(configuration: Path, id_: str) -> SqliteFile | None:
    """Return a local database; None until wrangler has created it.

    Args:
        configuration: The wrangler configuration; wrangler keeps its state in the same folder.
        id_: The id that `local_id` returns.
    """
    file = local_file(configuration, id_)
    return SqliteFile(file) if file.is_file() else None


def local_file(configuration: Path, id_: str) -> Path:
    """Return the file of a local database, which wrangler may not have created yet."""
    return configuration.parent / ".wrangler" / "state" / "v3" / "d1" / _KIND / f"{_object_id(id_)}.sqlite"


def _object_id(name: str) -> str:
    """Return Miniflare's id of the Durable Object with this name.

    The first half is a digest of the name under the kind's key, the second half a digest of the first.
    """
    key = sha256(_KIND.encode()).digest()
    half = hmac.digest(key, name.encode(), sha256)[:_BYTES]
    return (half + hmac.digest(key, half, sha256)[:_BYTES]).hex()
