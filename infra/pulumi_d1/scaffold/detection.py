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
from pulumi_d1.scaffold.orm_folders import orm_folders
from pulumi_d1.wrangler import configuration_file
from pulumi_d1.wrangler.syntax import NAMES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from pulumi_d1.wrangler.entry import WranglerEntry
    from pulumi_d1.wrangler.worker import Worker

_DEFAULT_FOLDER: Final = "migrations"
"""wrangler's folder of migrations, if the configuration names none."""

_USUAL_FOLDERS: Final = ("drizzle", "prisma/migrations")
_CONFIGURATION: Final = re.compile(r"\.(?:toml|jsonc?)(?:\.|$)")
_SEARCHED_DEPTH: Final = 4
_NOT_SEARCHED: Final = frozenset({"node_modules", "dist", "build", "vendor", "fixtures", "__pycache__"})


def find_configurations(folder: Path) -> list[Path]:
    """Return the configuration that wrangler would read in `folder`, or else those of the folders below it.

    As wrangler does, this looks in `folder` and above it, up to the repository's root. The folders below it are the
    packages of a monorepo; only configurations with a D1 database count there.

    Raises:
        ConfigError: A configuration below `folder` cannot be read.
    """
    start, root = folder.resolve(), repository_root(folder)
    above = [place for place in (start, *start.parents) if place.is_relative_to(root)]
    for place in above:
        if file := next((place / name for name in NAMES if (place / name).is_file()), None):
            return [Path(relative_path(file, Path()))]
    files = (Path(relative_path(file, Path())) for file in sorted(_files_below(start, _SEARCHED_DEPTH)))
    return [file for file in files if configuration_file.read_worker(str(file)).entries]


def other_configurations(folder: Path) -> list[str]:
    """Return the names of files in `folder` that wrangler reads only with --config, or after a copy."""
    files = (file.name for file in folder.glob("wrangler*") if file.is_file() and file.name not in NAMES)
    return sorted(name for name in files if _CONFIGURATION.search(name))


def main_configuration(files: Sequence[Path]) -> Path | None:
    """Return the configuration whose Worker has the migrations, if all configurations share a database."""
    ids = [{entry.database_id for entry in configuration_file.read_worker(str(file)).entries} for file in files]
    if not set.intersection(*ids) - {""}:
        return None
    return next((file for file in files if any(_sql_files(file.resolve().parent / _migrations_dir_of(file)))), files[0])


def _migrations_dir_of(file: Path) -> str:
    entries = configuration_file.read_worker(str(file)).entries
    return next((entry.migrations_dir for entry in entries if entry.migrations_dir), _DEFAULT_FOLDER)


def sibling_entries(config: Path, ids: Collection[str]) -> tuple[WranglerEntry, ...]:
    """Return the entries with one of these databases in other configurations of the repository.

    Their paths are relative to the current folder.

    Raises:
        ConfigError: A configuration cannot be read.
    """
    root = repository_root(config.parent)
    files = [root / name for name in NAMES if (root / name).is_file()][:1] + sorted(_files_below(root, _SEARCHED_DEPTH))
    siblings = [Path(relative_path(file, Path())) for file in files if file != config.resolve()]
    return tuple(
        entry
        for file in siblings
        for entry in configuration_file.read_worker(str(file)).entries
        if entry.database_id in ids
    )


def _files_below(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the first configuration of each folder below `folder`."""
    for child in folder.iterdir():
        if not child.is_dir() or child.is_symlink() or child.name in _NOT_SEARCHED or child.name.startswith("."):
            continue
        if file := next((child / name for name in NAMES if (child / name).is_file()), None):
            yield file
        if depth > 1:
            yield from _files_below(child, depth - 1)


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
        entry: An entry of the configuration. If it names no folder, that of wrangler or of an ORM is looked for.
        config: The wrangler configuration. Its paths are relative to its folder.

    Raises:
        ConfigError: The entry's pattern is invalid.
    """
    root = config.resolve().parent
    inside = entry.migrations_dir or _migrations_dir(root)
    path = relative_path(root / inside, folder)
    pattern = ""
    if entry.migrations_pattern:
        pattern = posixpath.join(path, make_pattern(inside, entry.migrations_pattern).inside)
    elif (root / inside).is_dir() and MigrationsFolder(inside, DEFAULT, root).layout_hint():
        pattern = posixpath.join(path, NESTED.inside)
    return replace(entry, migrations_dir=path, migrations_pattern=pattern)


def _migrations_dir(root: Path) -> str:
    """Return the folder of migrations, relative to the configuration's: wrangler's default, or the one of an ORM."""
    repository = repository_root(root)
    above = [place for place in (root, *root.parents) if place.is_relative_to(repository)]
    configured = [
        relative_path(place / name, root)
        for place in (*above, *sorted(repository.glob("packages/*/")))
        for name in orm_folders(place)
    ]
    folders = [_DEFAULT_FOLDER, *configured, *_USUAL_FOLDERS]
    with_files = (name for name in folders if any(_sql_files(root / name)))
    existing = (name for name in folders if (root / name).is_dir())
    return next(with_files, "") or next(existing, "") or next(iter(configured), _DEFAULT_FOLDER)


def _sql_files(folder: Path) -> Iterator[Path]:
    yield from folder.glob("*.sql")
    yield from folder.glob("*/migration.sql")


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
