"""The wrangler configuration as a file: which one it is, its errors with its path in front, its bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError
from pulumi_d1.system.files import locked, named, write_atomically
from pulumi_d1.wrangler import compare as check
from pulumi_d1.wrangler import edit as wrangler
from pulumi_d1.wrangler import local_id as local
from pulumi_d1.wrangler.syntax import NAMES
from pulumi_d1.wrangler.worker import Worker, read_worker

if TYPE_CHECKING:
    from collections.abc import Collection

    from pulumi_d1.wrangler.entry import Binding


_BOM = "\ufeff"


def chosen(setting: str) -> str:
    """The configuration to keep: `setting`, or else the one of this folder that wrangler reads.

    Args:
        setting: `wranglerConfig`; empty where it is not set.
    """
    return setting or next(iter(_here()), "wrangler.toml")


def choice_hint(setting: str) -> str:
    """What to say about configurations that wrangler passes over; empty where there are none, or one is set."""
    first, *others = _here() or [""]
    if setting or not others:
        return ""
    return (
        f"{first} is kept, and {' and '.join(others)} is not, since wrangler reads {first} before it: "
        f"delete what is left over, or set wranglerConfig to the one that you name with 'wrangler --config'"
    )


def rendered(path: str, entry: Binding) -> str:
    """The configuration at `path` with `entry` in it. Writes nothing.

    Raises:
        ConfigError: the file can't be read, its folder is not there, or the entry can't be put in.
    """
    with named(path):
        return wrangler.put(_text(path), entry, path)


def is_current(path: str, entry: Binding) -> bool:
    """Whether the configuration at `path` has `entry` in it.

    Raises:
        ConfigError: as `rendered`.
    """
    with named(path):
        text = _text(path)
        return text is not None and wrangler.put(text, entry, path) == text


def differences(path: str, entry: Binding) -> list[str]:
    """A line, with the path in front, for each value in which the configuration at `path` differs from `entry`.

    Raises:
        ConfigError: the file can't be read.
    """
    with named(path):
        text = _text(path)
        lines = ["there is no such file"] if text is None else check.differences(text, entry, path)
        return [f"{path}: {line}" for line in lines]


def bound(path: str) -> list[check.Bound]:
    """The entries of the configuration at `path` that name a database.

    Raises:
        ConfigError: the file can't be read.
    """
    with named(path):
        text = _text(path)
        return [] if text is None else check.bound(text, path)


def local_id(path: str, environment: str, binding: str) -> str | None:
    """What wrangler knows the local database of a binding by; None where the configuration has no such binding.

    Args:
        path: the configuration, which need not be there.
        environment: wrangler environment; empty for the top level.
        binding: variable in the Worker.

    Raises:
        ConfigError: the file can't be read.
    """
    with named(path):
        text = _text(path)
        return None if text is None else local.local_id(text, environment, binding, path)


def worker(path: str) -> Worker:
    """The Worker that the configuration at `path` describes; an empty one when there is no file.

    Raises:
        ConfigError: the file can't be read, or an entry has no binding.
    """
    with named(path):
        text = _text(path)
        return Worker() if text is None else read_worker(text, path)


def refuse_foreign(path: str, entry: Binding, ours: Collection[str]) -> None:
    """Lets nobody's database be unbound without a word.

    Raises:
        ConfigError: the binding is there with the id of a database that is not in `ours`, or the file can't be read.
    """
    with named(path):
        wrangler.refuse_foreign(_text(path), entry, ours, path)


def put(path: str, entry: Binding, ours: Collection[str]) -> bool:
    """Puts `entry` into the configuration at `path`, in the place of one with an id of `ours`; tells if it changed.

    Raises:
        ConfigError: as `rendered` and `refuse_foreign`; nothing was written.
    """
    with named(path), locked(_folder(path)):
        text = _text(path)
        wrangler.refuse_foreign(text, entry, ours, path)
        return _write(path, text, wrangler.put(text, entry, path))


def remove(path: str, entry: Binding) -> None:
    """Takes `entry` out of the configuration at `path`, if that is there.

    Raises:
        ConfigError: the file can't be read, or the entry can't be taken out; nothing was written.
    """
    if not Path(path).exists():
        return
    with named(path), locked(_folder(path)):
        if (text := _text(path)) is not None:
            _write(path, text, wrangler.remove(text, entry, path))


def _here() -> list[str]:
    """The configurations of this folder, in wrangler's order."""
    return [name for name in NAMES if Path(name).exists()]


def _folder(path: str) -> Path:
    """The folder of the file itself, where `path` is a link to it."""
    folder = Path(path).resolve().parent
    if not folder.is_dir():
        raise ConfigError(f"there is no folder '{folder}': create it, or set wranglerConfig to another path")
    return folder


def _text(path: str) -> str | None:
    """The file's text with its own line ends, without a byte order mark; None when there is no file."""
    _folder(path)
    return Path(path).read_bytes().decode().removeprefix(_BOM) if Path(path).exists() else None


def _write(path: str, before: str | None, text: str) -> bool:
    if text == before:
        return False
    mark = _BOM if before is not None and Path(path).read_bytes().startswith(_BOM.encode()) else ""
    write_atomically(Path(path), mark + text, mode=0o644)
    return True
