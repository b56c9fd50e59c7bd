"""database.json: what is known of a database beside its content."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_FILE: Final = "database.json"


@dataclass(frozen=True, slots=True)
class Record:
    """One database of an account.

    Attributes:
        uuid: lower case, with hyphens.
        name: unique in its account.
        created_at: ISO 8601, UTC, milliseconds.
        region: the service's name for where it runs, such as "WEUR". Nothing depends on it here.
        jurisdiction: "eu", "fedramp", "us" or None.
        replication: mode of the read replication, "auto" or "disabled". Nothing depends on it here.
    """

    uuid: str
    name: str
    created_at: str
    region: str
    jurisdiction: str | None
    replication: str


def read_record(folder: Path) -> Record:
    """Read the record of the database in a folder.

    Raises:
        ConfigError: the file is missing or has been damaged.
    """
    path = folder / _FILE
    try:
        return Record(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{path} cannot be read as the record of a database ({error}); remove {folder}") from error


def write_record(folder: Path, record: Record) -> None:
    """Write the record in one step: whoever reads it, at any time, finds the old one or the new one."""
    temporary = folder / f"{_FILE}.new"
    temporary.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
    temporary.replace(folder / _FILE)
