"""Writing files that others read or write at the same moment."""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def write_atomically(path: Path, text: str, *, mode: int) -> None:
    """Puts `text` into `path`, whole or not at all; a reader sees the old file or the new one.

    Args:
        path: the file, or a link to it, which stays; its folder exists.
        text: the whole of its new text, with the line ends that the file is to have.
        mode: permission bits of a new file; an existing one keeps its own.
    """
    target = path.resolve()
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
        file.write(text.encode())
    Path(file.name).chmod(target.stat().st_mode & 0o777 if target.exists() else mode)
    os.replace(file.name, target)  # noqa: PTH105 - the atomic form


def sync(folder: Path) -> None:
    """Has the names of the files in `folder` on disk, which syncing a new file leaves out."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(folder: Path, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Holds `folder` against other processes that lock it too; `on_wait` is called once if one of them has it.

    The lock is on the folder itself, so nothing is left behind, and the system releases it when the process ends.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def named(path: Path | str) -> Iterator[None]:
    """Puts the path of a file of the user's in front of what went wrong with it.

    Raises:
        ConfigError: for a ConfigError, a text that is not UTF-8, and whatever the system refuses.
    """
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text (byte {error.start}): save it as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{path}: can't be read or written: {error.strerror}") from None
