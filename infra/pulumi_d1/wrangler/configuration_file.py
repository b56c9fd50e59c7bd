"""The wrangler configuration as a file. Errors start with its path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError
from pulumi_d1.system.files import locked, prefix_errors, write_atomically
from pulumi_d1.wrangler import bindings_file, edit, local_databases, worker
from pulumi_d1.wrangler.document import Document
from pulumi_d1.wrangler.syntax import NAMES

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import ModuleType

    from pulumi_d1.wrangler.entry import WranglerEntry


_BOM = "\ufeff"


def configuration_path(setting: str) -> str:
    """Return the configuration to edit: `setting`, or else the file in this folder that wrangler reads.

    A project with a cloudflare.config.ts gets a file for that to import.

    Args:
        setting: The key `wranglerConfig`; empty if it is not set.
    """
    generated = bindings_file.NAME if Path(bindings_file.PROGRAM).exists() else "wrangler.toml"
    return setting or next(iter(_names_here()), generated)


def ignored_files_hint(setting: str) -> str:
    """Return a warning about configurations that wrangler ignores; empty if there are none, or if `setting` is set."""
    first, *others = _names_here() or [""]
    if setting or not others:
        return ""
    return (
        f"wrangler reads {first} and ignores {' and '.join(others)}: delete what you do not need, or set "
        "wranglerConfig to the file that you pass to 'wrangler --config'"
    )


def check_put(entry: WranglerEntry) -> None:
    """Check that `entry` can be written, and write nothing.

    Raises:
        ConfigError: The file cannot be read, its folder does not exist, or the entry cannot be put in.
    """
    with prefix_errors(entry.path):
        _editor(entry.path).put(_text(entry.path), entry)


def is_current(entry: WranglerEntry) -> bool:
    """Return whether the file contains `entry`.

    Raises:
        ConfigError: As `check_put`.
    """
    with prefix_errors(entry.path):
        text = _text(entry.path)
        return text is not None and _editor(entry.path).put(text, entry) == text


def differences(entry: WranglerEntry) -> list[str]:
    """Return one line for each value in which the file differs from `entry`.

    Raises:
        ConfigError: The file cannot be read.
    """
    with prefix_errors(entry.path):
        text = _text(entry.path)
        lines = ["the file does not exist"] if text is None else _editor(entry.path).differences(text, entry)
        return [f"{entry.path}: {line}" for line in lines]


def bound_entries(path: str) -> tuple[WranglerEntry, ...]:
    """Return the entries that have the id of a database; none if there is no file.

    Raises:
        ConfigError: The file cannot be read.
    """
    with prefix_errors(path):
        text = _text(path)
        entries = () if text is None else Document.parse(text, path).entries
        return tuple(entry for entry in entries if entry.database_id)


def local_id(entry: WranglerEntry) -> str | None:
    """Return wrangler's id for the local database of a binding; None if the file or the binding does not exist.

    Raises:
        ConfigError: The file cannot be read.
    """
    with prefix_errors(entry.path):
        text = _text(entry.path)
        return None if text is None else local_databases.local_id(text, entry)


def read_worker(path: str) -> worker.Worker:
    """Return the Worker that the file describes; an empty one if there is no file.

    Raises:
        ConfigError: The file cannot be read, or an entry has no binding.
    """
    with prefix_errors(path):
        text = _text(path)
        return worker.Worker() if text is None else worker.read_worker(text, path)


def accepts_environment(path: str, environment: str) -> bool:
    """Return whether the file may have this environment. Only a Pages project restricts them.

    Raises:
        ConfigError: The file cannot be read.
    """
    with prefix_errors(path):
        text = _text(path)
        return text is None or Document.parse(text, path).accepts_environment(environment)


def has_worker_previews(path: str) -> bool:
    """Return whether the file configures Worker Previews.

    Raises:
        ConfigError: The file cannot be read.
    """
    with prefix_errors(path):
        text = _text(path)
        return text is not None and "previews" in Document.parse(text, path).content


def remote_hint(entry: WranglerEntry) -> str:
    """Return a warning if `wrangler dev` uses the entry's database itself; otherwise an empty text.

    Raises:
        ConfigError: The file cannot be read.
    """
    with prefix_errors(entry.path):
        text = _text(entry.path)
        table = {} if text is None else Document.parse(text, entry.path).table_of(entry)
    if table.get("remote") is not True or table.get("preview_database_id"):
        return ""
    return (
        f"{entry.path}: {entry} has remote = true, so 'wrangler dev' reads and writes production's database: remove "
        "the key, or give development its own database with preview_database_id"
    )


def refuse_foreign(entry: WranglerEntry, ours: Collection[str]) -> None:
    """Refuse to replace the binding of a database whose id is not in `ours`.

    Raises:
        ConfigError: The binding has the id of another database, or the file cannot be read.
    """
    with prefix_errors(entry.path):
        _editor(entry.path).refuse_foreign(_text(entry.path), entry, ours)


def put(entry: WranglerEntry, ours: Collection[str]) -> bool:
    """Write `entry`, and return whether the file changed.

    Args:
        ours: Ids of databases whose entry may be replaced.

    Raises:
        ConfigError: As `check_put` and `refuse_foreign`; nothing was written.
    """
    with prefix_errors(entry.path), locked(_folder(entry.path)):
        text = _text(entry.path)
        _editor(entry.path).refuse_foreign(text, entry, ours)
        return _write(entry.path, text, _editor(entry.path).put(text, entry))


def remove(entry: WranglerEntry) -> None:
    """Remove `entry`, if the file and the entry exist.

    Raises:
        ConfigError: The file cannot be read, or the entry cannot be removed; nothing was written.
    """
    if not Path(entry.path).exists():
        return
    with prefix_errors(entry.path), locked(_folder(entry.path)):
        if (text := _text(entry.path)) is not None:
            _write(entry.path, text, _editor(entry.path).remove(text, entry))


def _editor(path: str) -> ModuleType:
    """Return the module that edits the file."""
    return bindings_file if bindings_file.is_bindings_file(path) else edit


def _names_here() -> list[str]:
    """Return the configurations in the current folder, in wrangler's order."""
    return [name for name in NAMES if Path(name).exists()]


def _folder(path: str) -> Path:
    """Return the folder of the file; of a link, the folder of its target."""
    folder = Path(path).resolve().parent
    if not folder.is_dir():
        raise ConfigError(f"there is no folder '{folder}': create it, or set wranglerConfig to another path")
    return folder


def _text(path: str) -> str | None:
    """Return the text with its own line ends and without a byte order mark; None if there is no file."""
    _folder(path)
    return Path(path).read_bytes().decode().removeprefix(_BOM) if Path(path).exists() else None


def _write(path: str, before: str | None, text: str) -> bool:
    if text == before:
        return False
    mark = _BOM if before is not None and Path(path).read_bytes().startswith(_BOM.encode()) else ""
    write_atomically(Path(path), mark + text, mode=0o644)
    return True
