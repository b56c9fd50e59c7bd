"""The backups to keep: the newest one of each of the last days, weeks and months that have any. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from pulumi_d1.backups.names import BackupName


@dataclass(frozen=True, slots=True)
class Retention:
    """Numbers of days, weeks and months. Those without a backup do not count."""

    daily: int = 7
    weekly: int = 4
    monthly: int = 12

    def superfluous(self, backups: Sequence[BackupName]) -> list[BackupName]:
        """Return the backups to delete, oldest first. The newest is never one of them.

        Args:
            backups: The backups of one database, oldest first.
        """
        kept = {backup.text for backup in backups[-1:]}
        periods: tuple[tuple[int, Callable[[BackupName], Hashable]], ...] = (
            (self.daily, lambda backup: backup.time.date()),
            (self.weekly, lambda backup: backup.time.isocalendar()[:2]),
            (self.monthly, lambda backup: (backup.time.year, backup.time.month)),
        )
        for number, period in periods:
            newest = {period(backup): backup.text for backup in backups}  # a later one replaces an earlier one
            kept |= set(list(newest.values())[-number:] if number else ())
        return [backup for backup in backups if backup.text not in kept]
