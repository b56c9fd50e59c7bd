"""The wrangler configuration as a file: its errors name it, and its bytes are the text's."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from infra.errors import ConfigError
from infra.files import locked, write_atomically
from infra.render import wrangler

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from infra.render.binding import Binding


def rendered(path: str, entry: Binding) -> str:
    """The configuration at `path` with `entry` in it. Writes nothing.

    Raises:
        ConfigError: the file can't be read, its folder is not there, or the entry can't be put in.
    """
    with _named(path):
        return wrangler.put(_text(path), entry)


def is_current(path: str, entry: Binding) -> bool:
    """Whether the configuration at `path` has `entry` in it.

    Raises:
        ConfigError: as `rendered`.
    """
    with _named(path):
        text = _text(path)
        return text is not None and wrangler.put(text, entry) == text


def refuse_foreign(path: str, entry: Binding, ours: Collection[str]) -> None:
    """Lets nobody's database be unbound without a word.

    Raises:
        ConfigError: the binding is there with the id of a database that is not in `ours`, or the file can't be read.
    """
    with _named(path):
        wrangler.refuse_foreign(_text(path), entry, ours)


def put(path: str, entry: Binding, ours: Collection[str]) -> None:
    """Puts `entry` into the configuration at `path`, in the place of one with an id of `ours`.

    Raises:
        ConfigError: as `rendered` and `refuse_foreign`; nothing was written.
    """
    with _named(path), locked(_folder(path)):
        text = _text(path)
        wrangler.refuse_foreign(text, entry, ours)
        _write(path, text, wrangler.put(text, entry))


def remove(path: str, entry: Binding) -> None:
    """Takes `entry` out of the configuration at `path`, if that is there.

    Raises:
        ConfigError: the file can't be read, or the entry can't be taken out; nothing was written.
    """
    if not Path(path).exists():
        return
    with _named(path), locked(_folder(path)):
        if (text := _text(path)) is not None:
            _write(path, text, wrangler.remove(text, entry))


@contextmanager
def _named(path: str) -> Iterator[None]:
    """Puts the path in front of what went wrong."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text (byte {error.start}): save it as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{path}: can't be read or written: {error.strerror}") from None


def _folder(path: str) -> Path:
    """The folder of the file itself, where `path` is a link to it."""
    folder = Path(path).resolve().parent
    if not folder.is_dir():
        raise ConfigError(f"there is no folder '{folder}': create it, or set wranglerConfig to another path")
    return folder


def _text(path: str) -> str | None:
    """The file's text with its own line ends; None when there is no file."""
    _folder(path)
    return Path(path).read_bytes().decode() if Path(path).exists() else None


def _write(path: str, before: str | None, text: str) -> None:
    if text != before:
        write_atomically(Path(path), text, mode=0o644)
