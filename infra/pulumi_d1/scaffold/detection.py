"""What a repository tells about itself, so that nobody has to be asked. Reads files, and writes none."""

from __future__ import annotations

import json
import os
import posixpath
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError, NotFound
from pulumi_d1.migrations.folder import layout_hint
from pulumi_d1.migrations.pattern import DEFAULT, NESTED, make_pattern

if TYPE_CHECKING:
    from pulumi_d1.wrangler.entry import WranglerEntry
    from pulumi_d1.wrangler.worker import Worker

_FOLDERS: Final = ("migrations", "drizzle", "prisma/migrations")
"""Where migrations lie when the configuration does not say: wrangler's default, and where ORMs put them."""


def project_name(worker: Worker, folder: Path) -> str:
    """The Worker's name, that of package.json, or the folder's, in letters that Pulumi and D1 take.

    Raises:
        ConfigError: none of its letters is one of these.
    """
    name = worker.name or _package_name(folder / "package.json") or folder.resolve().name
    fit = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_")
    if not fit:
        raise ConfigError(f"'{name}' is no name for a project: give one with --name")
    return fit


def virtualenv(folder: Path) -> str:
    """The virtual environment that runs this, from `folder`; `.venv` where it lies somewhere else.

    Args:
        folder: of the program.
    """
    prefix, repository = Path(sys.prefix), repository_root(folder)
    if sys.prefix != sys.base_prefix and prefix.is_relative_to(repository):
        return relative(prefix, folder)
    return ".venv"


def relative(path: Path, folder: Path) -> str:
    """`path` from `folder`, with `/`."""
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def repository_root(folder: Path) -> Path:
    """The folder of the git repository around `folder`; itself where there is none."""
    start = folder.resolve()
    return next((place for place in (start, *start.parents) if (place / ".git").exists()), start)


def named(entry: WranglerEntry, worker: Worker) -> WranglerEntry:
    """`entry` with its database's name, which Cloudflare knows where the configuration does not.

    Raises:
        ConfigError: there is no way to find it out, or no such database.
        ApiError: Cloudflare refuses.
    """
    if entry.database_name or not entry.database_id:
        return entry
    account = worker.account_id or os.environ.get("CLOUDFLARE_ACCOUNT_ID", "")
    if not account or not os.environ.get("CLOUDFLARE_API_TOKEN"):
        raise ConfigError(
            f"{entry} has no database_name: add it ('wrangler d1 list' shows it), or set CLOUDFLARE_API_TOKEN and "
            "CLOUDFLARE_ACCOUNT_ID to have it looked up"
        )
    from pulumi_d1.cloudflare.account import connect_account

    try:
        return replace(entry, database_name=connect_account(account).describe(entry.database_id).name)
    except NotFound as error:
        raise ConfigError(f"{entry} names a database that is not there: {error}") from None


def placed(entry: WranglerEntry, config: Path, folder: Path) -> WranglerEntry:
    """`entry` with its migrations as seen from the program's folder; found where it does not say where they are.

    Args:
        entry: of the configuration.
        config: the configuration, whose folder is what its paths are relative to.
        folder: of the program.

    Raises:
        ConfigError: its pattern can't be read as wrangler reads it.
    """
    root = config.resolve().parent
    inside = entry.migrations_dir or next((name for name in _FOLDERS if (root / name).is_dir()), _FOLDERS[0])
    path = relative(root / inside, folder)
    pattern = ""
    if entry.migrations_pattern:
        pattern = posixpath.join(path, make_pattern(inside, entry.migrations_pattern).inside)
    elif (root / inside).is_dir() and layout_hint(root / inside, DEFAULT, inside):
        pattern = posixpath.join(path, NESTED.inside)
    return replace(entry, migrations_dir=path, migrations_pattern=pattern)


def _package_name(file: Path) -> str:
    """The name in a package.json, without its scope; empty where there is none."""
    if not file.is_file():
        return ""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{file}: is not valid JSON: {error}") from None
    name = content.get("name", "") if isinstance(content, dict) else ""
    return name.rpartition("/")[2] if isinstance(name, str) else ""
