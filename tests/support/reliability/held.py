"""Runs into one fault, on a clock that a test advances: how long they take, and how they end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Final

from pulumi_d1.cloudflare.client import REQUEST_SECONDS
from pulumi_d1.cloudflare.transfer import TRANSFER_TIMEOUT
from pulumi_d1.errors import MigrationFailed
from pulumi_d1.migrations.run.options import OnFailure, RunOptions
from tests.support.reliability.cells import Cell, Kind, Place
from tests.support.reliability.late import LateDatabase
from tests.support.runner import TARGET, apply_files, arrange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.cloudflare.account import Account
    from pulumi_d1.migrations.folder import Migration
    from tests.support.reliability.faults import Fault

_NAMES: Final = count()
_SLOW_SECONDS: Final = 0.3
_MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class HeldRun:
    """One run.

    Attributes:
        failure: The error that ended it; None if it finished.
        stops: Whether it ended at the file that the fault hit.
        seconds: How long the fault held it, with the waits that the product has outside of tests.
        database: The database, whose late write may not have run yet.
    """

    failure: MigrationFailed | None
    stops: bool
    seconds: float
    database: LateDatabase

    @property
    def text(self) -> str:
        minutes, seconds = divmod(round(self.seconds), _MINUTE)
        duration = f"{minutes} min {seconds} s" if minutes > 1 else f"{round(self.seconds)} s"
        return f"{duration}, then stops" if self.stops else duration


def run_into(account: Account, fault: Fault, kind: Kind, *more: Migration) -> tuple[Sequence[Migration], HeldRun]:
    """Run three requests in a new database with onFailure: restore, the second into a fault. Return files and run.

    Args:
        more: Further files.
    """
    cell = Cell(f"held-{next(_NAMES)}", kind, Place.MIDDLE)
    files = (*cell.files, *more)
    name = cell.struck[0].name if fault.late else ""
    moment = None if fault.seconds is None else REQUEST_SECONDS + fault.seconds
    database = LateDatabase.of(account.create(cell.name), name, moment)
    kinds = {rule["fault"] for rule in fault.rules}
    if "slow" in kinds:
        database = replace(database, client=replace(database.client, timeout=_SLOW_SECONDS))
    arrange(
        database,
        faults=[] if fault.late else fault.at(cell),
        imports="statements" if kind is Kind.STATEMENTS else "transaction",
    )
    # No test can wait for the end of the wait for an import, which is in real time.
    options = RunOptions(
        on_failure=OnFailure.RESTORE, import_timeout=timedelta(microseconds=1) if fault.polls else TRANSFER_TIMEOUT
    )
    unseen = REQUEST_SECONDS * ("slow" in kinds) + TRANSFER_TIMEOUT.total_seconds() * (fault.polls is not None)
    failure = None
    try:
        apply_files(database, files, TARGET, options=options, retry=database.retry)
    except MigrationFailed as error:
        failure = error
    seconds = database.clock.now + unseen
    arrange(database)
    stops = failure is not None and failure.failed == cell.struck[0].name
    return files, HeldRun(failure, stops, seconds, database)
