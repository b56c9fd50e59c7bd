"""Names of backups: the database and the time in UTC. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

SUFFIX: Final = ".sql.gz"
_TIME: Final = "%Y%m%dT%H%M%SZ"
_NAME: Final = re.compile(rf"(?P<database>.+)-(?P<time>\d{{8}}T\d{{6}}Z)(?:-(?P<number>\d{{1,9}}))?{re.escape(SUFFIX)}")


@dataclass(frozen=True, slots=True)
class BackupName:
    """A backup's name.

    Attributes:
        text: The name of its file.
        database: Name of the database.
        time: Time in UTC at which it was begun.
        number: 1 for the first backup of that second.
    """

    text: str
    database: str
    time: datetime
    number: int = 1

    @property
    def age(self) -> tuple[datetime, int]:
        """A key that sorts the backups of a database by age, the oldest first."""
        return self.time, self.number


def new_name(database: str, time: datetime, taken: Collection[str]) -> str:
    """Return a name for a backup that no other one has."""
    stem = f"{database}-{time.astimezone(UTC):{_TIME}}"
    numbers = ("", *(f"-{number}" for number in range(2, len(taken) + 3)))
    return next(name for number in numbers if (name := f"{stem}{number}{SUFFIX}") not in taken)


def parse_name(text: str) -> BackupName | None:
    """Return a backup's name in parts; None for the name of another file."""
    if not (match := _NAME.fullmatch(text)):
        return None
    try:
        time = datetime.strptime(match["time"], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return BackupName(text, match["database"], time, int(match["number"] or 1))
