"""Files that other processes may read or write at the same moment."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedRandom

logger = logging.getLogger(__name__)

_SILENT_SECONDS: Final = 2  # longest wait for a lock that is not logged


@contextmanager
def replacing(target: Path) -> Iterator[BufferedRandom]:
    """Open a temporary file that replaces `target` when the block ends, or is deleted if the block fails."""
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
        os.replace(temporary, target)  # noqa: PTH105 - the atomic form
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_atomically(path: Path, content: str | bytes, *, mode: int, durable: bool = False) -> None:
    """Write a file so that a reader sees the whole old content or the whole new one.

    Args:
        path: The file, or a link to it, which is kept. The folder must exist.
        content: The new content; text has the line ends of the file.
        mode: The permission bits of a new file; an existing file keeps its own.
        durable: Return only when the file is on disk, for a caller that deletes what it replaces.
    """
    target = path.resolve()
    with replacing(target) as file:
        file.write(content.encode() if isinstance(content, str) else content)
        os.fchmod(file.fileno(), target.stat().st_mode & 0o777 if target.exists() else mode)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    if durable:
        sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Write the names of a folder's files to disk. Syncing a new file leaves out its name."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, *, busy: str = "", patience: float = 0.0) -> Iterator[None]:
    """Lock a file or folder against the user's other processes. The lock ends with the process.

    Args:
        path: The file or folder. It is not opened, and no lock file appears beside it.
        busy: The message of the error if another process has the lock; empty to wait for it.
        patience: Seconds to wait before that error.

    Raises:
        ConfigError: Another process has the lock, and `busy` is not empty.
    """
    from filelock import FileLock, Timeout  # slow to import, and most commands lock nothing

    lock = FileLock(_lock_file(path), mode=0o600)
    try:
        lock.acquire(timeout=patience if busy else _SILENT_SECONDS)
    except Timeout:
        if busy:
            raise ConfigError(busy) from None
        logger.info(f"Waiting for another run that is writing to {path}")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _lock_file(path: Path) -> Path:
    """Return a lock file in the temporary folder, one for each user and path."""
    user = os.getuid()
    digest = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:32]
    return Path(tempfile.gettempdir(), f"pulumi-d1-{user}-{digest}.lock")


@contextmanager
def prefix_errors(path: Path | str) -> Iterator[None]:
    """Add the path of a user's file to the errors of the block.

    Raises:
        ConfigError: The block raised a ConfigError, a UnicodeDecodeError or an OSError.
    """
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text (byte {error.start}): save it as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read or written: {error.strerror}") from None
