"""Read names and paths from a repository, so that the user need not type them. Nothing is written."""

from __future__ import annotations

import json
import os
import posixpath
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pulumi_d1.cloudflare.account import connect_account
from pulumi_d1.errors import ConfigError, NotFound
from pulumi_d1.migrations.folder import MigrationsFolder
from pulumi_d1.migrations.pattern import DEFAULT, NESTED, make_pattern

if TYPE_CHECKING:
    from pulumi_d1.wrangler.entry import WranglerEntry
    from pulumi_d1.wrangler.worker import Worker

_FOLDERS: Final = ("migrations", "drizzle", "prisma/migrations")
"""Folders of migrations, if the configuration names none: wrangler's default, then those of ORMs."""


def project_name(worker: Worker, folder: Path) -> str:
    """Return the name of the Worker, of package.json, or of the folder, in letters that Pulumi and D1 accept.

    Raises:
        ConfigError: It has no such letter, or package.json cannot be read.
    """
    name = worker.name or _package_name(folder / "package.json") or folder.resolve().name
    valid_name = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_")
    if not valid_name:
        raise ConfigError(f"'{name}' cannot be the name of a project: choose one with --name")
    return valid_name


def virtualenv_path(folder: Path) -> str:
    """Return the path of the running virtual environment from `folder`, or `.venv` if it is outside the repository."""
    prefix, repository = Path(sys.prefix), repository_root(folder)
    if sys.prefix != sys.base_prefix and prefix.is_relative_to(repository):
        return relative_path(prefix, folder)
    return ".venv"


def relative_path(path: Path, folder: Path) -> str:
    """Return `path` relative to `folder`, with `/`."""
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def repository_root(folder: Path) -> Path:
    """Return the root of the git repository around `folder`, or `folder` if there is none."""
    start = folder.resolve()
    return next((place for place in (start, *start.parents) if (place / ".git").exists()), start)


def with_database_name(entry: WranglerEntry, worker: Worker) -> WranglerEntry:
    """Return `entry` with the name of its database, which Cloudflare has if the configuration does not.

    Raises:
        ConfigError: The name is missing and cannot be looked up, or the database does not exist.
        ApiError: Cloudflare refused the request.
    """
    if entry.database_name or not entry.database_id:
        return entry
    account = worker.account_id or os.environ.get("CLOUDFLARE_ACCOUNT_ID", "")
    if not account or not os.environ.get("CLOUDFLARE_API_TOKEN"):
        raise ConfigError(
            f"{entry} has no database_name: add it ('wrangler d1 list' shows it), or set CLOUDFLARE_API_TOKEN and "
            "CLOUDFLARE_ACCOUNT_ID to look it up"
        )
    try:
        return replace(entry, database_name=connect_account(account).describe(entry.database_id).name)
    except NotFound as error:
        raise ConfigError(f"the database of {entry} does not exist: {error}") from None


def with_migrations(entry: WranglerEntry, config: Path, folder: Path) -> WranglerEntry:
    """Return `entry` with the path and pattern of its migrations, as seen from the program's folder.

    Args:
        entry: An entry of the configuration. If it names no folder, a usual one is looked for.
        config: The wrangler configuration. Its paths are relative to its folder.

    Raises:
        ConfigError: The entry's pattern is invalid.
    """
    root = config.resolve().parent
    inside = entry.migrations_dir or next((name for name in _FOLDERS if (root / name).is_dir()), _FOLDERS[0])
    path = relative_path(root / inside, folder)
    pattern = ""
    if entry.migrations_pattern:
        pattern = posixpath.join(path, make_pattern(inside, entry.migrations_pattern).inside)
    elif (root / inside).is_dir() and MigrationsFolder(inside, DEFAULT, root).layout_hint():
        pattern = posixpath.join(path, NESTED.inside)
    return replace(entry, migrations_dir=path, migrations_pattern=pattern)


def _package_name(file: Path) -> str:
    """Return the name in a package.json without its scope, or `""` if it has none."""
    if not file.is_file():
        return ""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{file} is not valid JSON: {error}") from None
    name = content.get("name", "") if isinstance(content, dict) else ""
    return name.rpartition("/")[2] if isinstance(name, str) else ""
