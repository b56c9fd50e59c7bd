"""One rate of requests for all workers: a table with as many slots as the rate has requests.

A request takes a free slot, which is free again after the period. So no period has more requests than slots, wherever
Cloudflare's window begins. A refusal keeps all slots for as long as Cloudflare requests.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from pulumi_d1.cloudflare.retry import BUDGET_SECONDS, SILENT_SECONDS

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.pace import Rate
    from pulumi_d1.system.shared_database import SharedDatabase

logger = logging.getLogger(__name__)

MOST_SLOTS: Final = 2000
"""Rows of the table. A higher rate has a shorter period instead, which is a stricter limit of the same speed."""

_MINE: Final = "d1_fleet_slots WHERE account = :account"
_BATCH: Final = 8  # slots in one transaction
_LONGEST_PAUSE: Final = 2.0  # seconds until the table is read again


class SharedPace:
    """Delays requests to keep to the account's rate. Safe for threads.

    Args:
        account: The account's ID.
    """

    def __init__(self, database: SharedDatabase, account: str) -> None:
        self._database, self._account = database, account
        self._lock = threading.Lock()
        self._claimed, self._expires, self._logged_until = 0, 0.0, 0.0

    def set_rate(self, rate: Rate, *, keep: bool = False) -> None:
        """Change the rate for all workers, unless there is one to keep. Requests of the new period still count."""
        factor = max(rate.requests / MOST_SLOTS, 1.0)
        count, seconds = int(rate.requests / factor), rate.seconds / factor

        def work(connection: sa.Connection) -> None:
            values = {"account": self._account, "seconds": seconds}
            [(slots, last)] = connection.execute(sa.text(f"SELECT count(*), max(slot) FROM {_MINE}"), values)
            if keep and slots:
                return
            oldest = f"SELECT slot FROM {_MINE} ORDER BY free_at LIMIT {max(slots - count, 0)}"
            connection.execute(sa.text(f"DELETE FROM {_MINE} AND slot IN ({oldest})"), values)
            # A request counts for no longer than the new period. A refusal may last as long as the budget.
            latest = f"{self._database.now} + {max(seconds + 1, BUDGET_SECONDS)}"
            changes = f"seconds = :seconds, free_at = CASE WHEN free_at > {latest} THEN {latest} ELSE free_at END"
            connection.execute(sa.text(f"UPDATE d1_fleet_slots SET {changes} WHERE account = :account"), values)
            if new := [{**values, "slot": (last or 0) + number} for number in range(1, count - slots + 1)]:
                insert = "INSERT INTO d1_fleet_slots VALUES (:account, :slot, :seconds, 0) ON CONFLICT DO NOTHING"
                connection.execute(sa.text(insert), new)

        self._database.transaction(work)

    def wait_for_turn(self) -> None:
        """Wait until a request may be sent, and count it."""
        while (wait := self._take()) is not None:
            time.sleep(wait)

    def block(self, retry_after: float | None) -> None:
        """Delay all requests of all workers by so many seconds.

        Cloudflare blocks for five minutes and names the seconds. Anything else is the matter of one database.
        """
        if retry_after is None or retry_after > BUDGET_SECONDS:
            return
        until = f"({self._database.now} + :seconds)"
        sql = f"UPDATE d1_fleet_slots SET free_at = {until} WHERE account = :account AND free_at < {until}"
        with self._lock:
            self._database.execute(sql, account=self._account, seconds=retry_after)
            self._claimed = 0
            self._log(f"Cloudflare requested a wait of {retry_after:.0f} s (HTTP 429): all requests wait", retry_after)

    def _take(self) -> float | None:
        """Count a request and return None if it may be sent now, or else return the seconds to wait."""
        with self._lock:
            if not self._claimed or time.monotonic() >= self._expires:
                start = time.monotonic()
                self._claimed, wait, hold = self._claim()
                self._expires = start + hold
                if not self._claimed:
                    self._log(f"reached the rate limit: waiting {wait:.0f} s", wait)
                    return min(max(wait, 0.001), _LONGEST_PAUSE)
            self._claimed -= 1
            return None

    def _claim(self) -> tuple[int, float, float]:
        """Return the number of claimed slots, the seconds until one is free, and the seconds in which to use them."""
        now, skip = self._database.now, "" if self._database.file else "FOR UPDATE SKIP LOCKED"
        # A slot is taken some time before its request is sent, so it stays taken for that much longer.
        hold = "CASE WHEN seconds > 100 THEN 1.0 ELSE seconds / 100 + 0.02 END"
        free = f"SELECT slot FROM {_MINE} AND free_at <= {now} LIMIT {_BATCH} {skip}"
        claimed = self._database.execute(
            f"UPDATE d1_fleet_slots SET free_at = {now} + seconds + {hold} "
            f"WHERE account = :account AND slot IN ({free}) RETURNING {hold}",
            account=self._account,
        )
        if claimed:
            return len(claimed), 0.0, float(claimed[0][0])
        [(wait,)] = self._database.execute(f"SELECT min(free_at) - {now} FROM {_MINE}", account=self._account)
        return 0, float(wait or 0.0), 0.0

    def _log(self, line: str, seconds: float) -> None:
        """Log the reason of a wait, once for all threads."""
        now = time.monotonic()
        if seconds > SILENT_SECONDS and now >= self._logged_until:
            self._logged_until = now + seconds
            logger.info(line)
