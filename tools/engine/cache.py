"""Downloads and builds: one folder for each version, outside the checkout, complete or absent.

An entry is made in a temporary folder beside its final place, and renamed into it, with a manifest of every file's
SHA-256. A folder without a manifest, or with a file that differs from it, is removed and made again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_d1.system.files import locked

if TYPE_CHECKING:
    from collections.abc import Callable

MANIFEST = "manifest.json"

logger = logging.getLogger(__name__)


def root() -> Path:
    """Return the cache folder: $D1_CACHE_DIR, else `d1` in $XDG_CACHE_HOME, else `~/.cache/d1`."""
    if chosen := os.environ.get("D1_CACHE_DIR"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "d1"


def lookup(name: str) -> Path | None:
    """Return the folder of the complete entry `name`, or None if it is absent, half-written or damaged."""
    entry = root() / name
    return entry if _is_complete(entry) else None


def get_or_make(name: str, make: Callable[[Path], None]) -> Path:
    """Return the folder of the entry `name`; if there is none, `make` fills it.

    Two runs that start at once make it once: the second waits for the first.
    """
    if entry := lookup(name):
        return entry
    root().mkdir(parents=True, exist_ok=True)
    with locked(root()):
        if entry := lookup(name):
            return entry
        entry = root() / name
        if entry.exists():
            logger.info(f"The cached {name} is incomplete or damaged: making it again.")
            shutil.rmtree(entry)
        with tempfile.TemporaryDirectory(dir=root(), prefix=f".{name}.") as temporary:
            fresh = Path(temporary) / name
            fresh.mkdir()
            make(fresh)
            (fresh / MANIFEST).write_text(json.dumps(_digests(fresh), indent=2))
            fresh.rename(entry)
        return entry


def _is_complete(entry: Path) -> bool:
    try:
        recorded = json.loads((entry / MANIFEST).read_text())
    except (OSError, ValueError):
        return False
    return bool(recorded == _digests(entry))


def _digests(folder: Path) -> dict[str, str]:
    digests = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MANIFEST:
            with path.open("rb") as file:
                digests[str(path.relative_to(folder))] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests
