"""Backups in S3, R2, Google Cloud Storage or Azure, through obstore. A backup appears when its upload is complete."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.backups.names import SUFFIX
from pulumi_d1.errors import BackupFailed, ConfigError
from pulumi_d1.escaping import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

SCHEMES: Final = ("s3", "gs", "az")

_PART_BYTES: Final = 8 << 20
_PARTS: Final = 4  # uploaded at a time; they are in memory
_SECRETS: Final = re.compile(r"(KEY|SECRET|TOKEN|PASSWORD|CREDENTIAL|SIGNATURE)", re.IGNORECASE)
_STATUS: Final = re.compile(r"status code: (\d{3} [A-Za-z ]+)")
_CODE: Final = re.compile(r"<Code>(\w+)</Code>")
_DENIED: Final = ("401 Unauthorized", "403 Forbidden")
_SHORTEST_SECRET: Final = 8
_RETRIES: Final = {"max_retries": 5, "retry_timeout": timedelta(minutes=3)}
_LONGEST_MESSAGE: Final = 300


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """A bucket, or a part of one.

    Attributes:
        url: Its URL, without credentials.
    """

    url: str
    store: Any
    obstore: Any

    def __str__(self) -> str:
        """Return the URL."""
        return self.url

    @property
    def workspace(self) -> Path:
        """The folder of temporary files."""
        return Path(tempfile.gettempdir())

    def sizes(self) -> dict[str, int]:
        """Return the size in bytes of each backup, by name."""
        with self._errors("list"):
            pages = list(self.obstore.list(self.store))
        items = {item["path"]: item["size"] for page in pages for item in page}
        return {name: items[name] for name in sorted(items) if name.endswith(SUFFIX) and "/" not in name}

    def start(self, name: str, size: int) -> bytes:
        """Return the first bytes of a backup."""
        with self._errors("read", name):
            return bytes(self.obstore.get_range(self.store, name, start=0, length=size))

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Download a backup to a temporary file."""
        with tempfile.TemporaryFile() as file:
            with self._errors("read", name):
                for piece in self.obstore.get(self.store, name).stream(_PART_BYTES):
                    file.write(piece)
            file.seek(0)
            yield file

    def save(self, name: str, pieces: Iterable[bytes]) -> None:
        """Upload a backup in parts, completely or not at all."""
        size = 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            for piece in pieces:
                size += len(piece)
                yield piece

        with self._errors("write", name):
            self.obstore.put(
                self.store, name, counted(), use_multipart=True, chunk_size=_PART_BYTES, max_concurrency=_PARTS
            )
            stored = self.obstore.head(self.store, name)["size"]
        if stored != size:
            raise BackupFailed(f"{self.url}: {name} has {stored} bytes instead of {size}: delete it, and try again")

    def delete(self, name: str) -> None:
        """Delete a backup."""
        with self._errors("delete", name):
            self.obstore.delete(self.store, name)

    @contextmanager
    def _errors(self, action: str, name: str = "") -> Iterator[None]:
        """Turn the errors of the block into one without credentials."""
        try:
            yield
        except FileNotFoundError as error:
            raise BackupFailed(f"{self.url}: there is no {name or 'such bucket'}") from error
        except self.obstore.exceptions.BaseError as error:
            raise BackupFailed(f"{self.url}: cannot {action} {name or 'backups'}: {_reason(str(error))}") from None


def open_store(url: str) -> ObjectStore:
    """Return the store behind a URL. Sends no request.

    Raises:
        ConfigError: The URL is invalid, or obstore is not installed.
    """
    try:
        obstore = import_module("obstore")
        stores = import_module("obstore.store")
    except ImportError as error:
        raise ConfigError(
            f"{url}: backups in an object store need the package obstore: pip install 'pulumi-d1[backup]'"
        ) from error
    insecure = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
    try:
        store = stores.from_url(
            url, retry_config=_RETRIES, client_options={"allow_http": insecure, "timeout": timedelta(minutes=5)}
        )
    except (obstore.exceptions.BaseError, ValueError, KeyError) as error:
        raise ConfigError(f"{escape_line(url)}: is no object store: {_reason(str(error))}") from None
    return ObjectStore(url, store, obstore)


def _reason(message: str) -> str:
    """Return the reason in an error of obstore, without the values of environment variables that may be secret."""
    if status := _STATUS.search(message):
        code = f" ({found[1]})" if (found := _CODE.search(message)) else ""
        advice = ": check the credentials in the environment, and the bucket's region" if status[1] in _DENIED else ""
        return f"the store answered {status[1]}{code}{advice}"
    line = escape_line(message.strip().split("\n", 1)[0])
    for name, value in os.environ.items():
        if _SECRETS.search(name) and len(value) >= _SHORTEST_SECRET:
            line = line.replace(value, "***")
    return line[:_LONGEST_MESSAGE]
