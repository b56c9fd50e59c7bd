"""The description in a backup: what it contains, and how to check that it is whole. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pulumi_d1.copying.contents import Contents
from pulumi_d1.errors import BackupDamaged
from pulumi_d1.tables.digest import TableSummary

FORMAT: Final = 1
"""Version of the format. A reader refuses a higher one."""

TITLE: Final = b"-- A backup of a Cloudflare D1 database"
"""The first bytes of a backup, unpacked."""

_LINE: Final = "-- d1-backup "
_CHUNK: Final = 40_000  # characters; D1 counts a comment as a part of the statement after it
_PAUSE: Final = "SELECT 1;\n"  # ends the comment before it


@dataclass(frozen=True, slots=True)
class Manifest:
    """The description of a backup.

    Attributes:
        database: Name of the database.
        database_id: Its UUID.
        time: Time before the first row was read, in UTC.
        bookmark: Time Travel bookmark of that moment.
        is_consistent: False if the rows may be of different moments.
        is_masked: True if values were masked.
        ledger: Name of the ledger's table.
        migrations: Number of applied migrations.
        last_migration: Name of the last one; empty for none.
        contents: Schema and rows.
        empty: FTS5 tables that do not store their content, so it is not in the backup.
        orphans: Rows without a parent, in words.
        script_bytes: Size of the script in bytes.
        script_sha256: Hex digest of the script.
    """

    database: str
    database_id: str
    time: datetime
    bookmark: str
    is_consistent: bool
    is_masked: bool
    ledger: str
    migrations: int
    last_migration: str
    contents: Contents
    empty: tuple[str, ...]
    orphans: tuple[str, ...]
    script_bytes: int
    script_sha256: str

    def as_json(self) -> dict[str, Any]:
        """Return the manifest as JSON that `manifest_from_json` reads."""
        return {"format": FORMAT, **asdict(self), "time": self.time.astimezone(UTC).isoformat()}


def manifest_from_json(values: Any) -> Manifest:
    """Return the manifest from its JSON.

    Raises:
        BackupDamaged: It is of a newer version, or none.
    """
    try:
        if values["format"] > FORMAT:
            raise BackupDamaged("was made by a newer version of d1: update pulumi-d1")
        known = {name: values[name] for name in Manifest.__slots__}
        tables = {
            name: TableSummary(int(table["rows"]), str(table["sha256"]))
            for name, table in known["contents"]["tables"].items()
        }
        known |= {
            "time": datetime.fromisoformat(known["time"]),
            "contents": Contents(dict(known["contents"]["schema"]), tables),
            "empty": tuple(known["empty"]),
            "orphans": tuple(known["orphans"]),
        }
        return Manifest(**known)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BackupDamaged("is damaged: its description cannot be read") from error


def header_text(manifest: Manifest) -> str:
    """Return the comments at the start of a backup."""
    digits = json.dumps(manifest.as_json(), separators=(",", ":"))
    # Splitters of SQL have failed on these characters in comments.
    for character in "';`/":
        digits = digits.replace(character, f"\\u{ord(character):04x}")
    chunks = [digits[start : start + _CHUNK] for start in range(0, len(digits), _CHUNK)]
    return (
        f"{TITLE.decode()}, made by d1 backup create (pulumi-d1).\n"
        "-- Restore it, or unpack it and load it into an empty database:\n"
        "--   d1 backup restore FILE.sql.gz --into NAME\n"
        "--   gunzip -k FILE.sql.gz && wrangler d1 execute NAME --remote --file=FILE.sql\n"
        "-- Description, in JSON. A table has the number of its rows, and a digest of them.\n"
        + _PAUSE.join(f"{_LINE}{chunk}\n" for chunk in chunks)
    )


def parse_header(text: bytes) -> Manifest:
    """Return the manifest in the comments at the start of a backup.

    Raises:
        BackupDamaged: There is none.
    """
    try:
        lines = text.decode().splitlines()
        values = json.loads("".join(line.removeprefix(_LINE) for line in lines if line.startswith(_LINE)))
    except (ValueError, RecursionError) as error:
        raise BackupDamaged("is no backup of d1: it has no description") from error
    return manifest_from_json(values)
