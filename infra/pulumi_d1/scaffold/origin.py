"""The place that this package was installed from, and the requirement that installs the same elsewhere. Pure.

Installers record the place in direct_url.json (https://packaging.python.org/en/latest/specifications/direct-url/).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit
from urllib.request import url2pathname

PACKAGE: Final = "pulumi-d1"
VENDOR: Final = "vendor"
"""The folder in a project for a wheel that no index has."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The place of an installed package.

    Attributes:
        requirement: A line of requirements.txt.
        file: The wheel or source archive that the line names a copy of; None if it names no copy.
        sha256: The digest of `file` at the installation; empty if the installer recorded none.
        folder: The address of a folder that only this machine has; empty if there is none.
    """

    requirement: str
    file: Path | None = None
    sha256: str = ""
    folder: str = ""


def parse_origin(direct_url: str | None, version: str) -> Origin:
    """Return the origin of this package.

    Args:
        direct_url: The text of direct_url.json; None for a package from an index, which has none.
        version: The installed version.
    """
    released = Origin(f"{PACKAGE}~={version}")
    if direct_url is None:
        return released
    origin: dict[str, Any] = json.loads(direct_url)
    parts = urlsplit(origin["url"])
    url = _without_secret(parts).geturl()
    archive, git = origin.get("archive_info"), origin.get("vcs_info")
    if parts.scheme == "file" and archive is not None:
        file = Path(url2pathname(parts.path))
        return Origin(f"./{VENDOR}/{file.name}", file, _sha256(archive))
    if parts.scheme == "file":
        return Origin(released.requirement, folder=url)
    if git is not None:
        subdirectory = f"#subdirectory={origin['subdirectory']}" if origin.get("subdirectory") else ""
        return Origin(f"{PACKAGE} @ {git['vcs']}+{url}@{git['commit_id']}{subdirectory}")
    digest = _sha256(archive or {})
    return Origin(f"{PACKAGE} @ {url}{f'#sha256={digest}' if digest else ''}")


def _sha256(archive: dict[str, Any]) -> str:
    return str(archive.get("hashes", {}).get("sha256", ""))


def _without_secret(parts: SplitResult) -> SplitResult:
    """Return an address without its password, and without the user of https://, which may be a token."""
    user, separator, host = parts.netloc.rpartition("@")
    if parts.scheme == "ssh":
        return parts._replace(netloc=f"{user.partition(':')[0]}{separator}{host}")
    return parts._replace(netloc=host)
