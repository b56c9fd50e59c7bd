"""Applies the pending migrations: bookmark, then each file with its ledger row."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from infra.cloudflare import SQL_REFUSED
from infra.errors import ApiError, OutcomeUnknown, PlanRefused
from infra.migrations import ledger
from infra.migrations.bookmark import taken_now
from infra.migrations.plan import DEFAULT_POLICY, Severity, make_plan
from infra.migrations.progress import NOT_SENT, STILL_RUNNING, UNDONE, UNREAD, UNRECORDED, Outcome, Progress
from infra.migrations.request import make_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from infra.cloudflare import Database
    from infra.migrations.bookmark import Bookmark
    from infra.migrations.folder import Migration
    from infra.migrations.plan import Plan, Problem
    from infra.migrations.progress import Target
    from infra.migrations.request import Request


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did.

    Attributes:
        ran: names of the migrations applied by this run, in order.
        ledger: names in the ledger after the run, oldest first.
        bookmark: from immediately before the first write, or of now when there was nothing to write.
    """

    ran: tuple[str, ...]
    ledger: tuple[str, ...]
    bookmark: Bookmark


def applied(database: Database, table: str) -> tuple[str, ...]:
    """Names in the ledger, oldest first; empty when there is no ledger. Writes nothing."""
    if not database.read(ledger.exists(table)):
        return ()
    return tuple(row["name"] for row in database.read(ledger.select(table)))


def apply(  # noqa: PLR0913 - what a run depends on, all of it
    database: Database,
    migrations: Sequence[Migration],
    target: Target,
    *,
    recorded: Mapping[str, str] = MappingProxyType({}),
    policy: Mapping[Problem, Severity] = DEFAULT_POLICY,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Brings the database up to date with `migrations`. Run again after a failure, it goes on where it stopped.

    Args:
        database: the database.
        migrations: the folder, in order.
        target: the database in the words of its messages.
        recorded: digests of applied files, as make_plan takes them.
        policy: which problems of the folder stop the run.
        say: is told of each step.

    Raises:
        PlanRefused: the folder does not fit the ledger, and `policy` calls that an error; nothing was written.
        MigrationFailed: a file was refused; those before it stay applied, of it and those after it nothing remains.
        ConfigError: a file can't be sent as it is; nothing was written.
        ApiError: the database can't be read, or gives no bookmark; nothing was written.
    """
    plan = make_plan(migrations, applied(database, target.table), recorded)
    refuse(plan, target.folder, policy)
    requests = [make_request(migration, target.folder, target.table) for migration in plan.pending]
    progress = Progress(target, taken_now(database.bookmark(), target.retention))
    if plan.pending:
        say(f"bookmark {progress.bookmark.id} taken; way back: {progress.bookmark.restore_command(target.name)}")
    for migration, request in zip(plan.pending, requests, strict=True):
        _send(database, migration.name, request, progress)
        progress = progress.after(migration.name)
        say(f"applied {migration.name} ({len(progress.ran)} of {len(plan.pending)})")
    return Report(progress.ran, _verified(database, progress) if progress.ran else plan.applied, progress.bookmark)


def refuse(plan: Plan[Any], folder: str, policy: Mapping[Problem, Severity]) -> None:
    """Stops a run whose folder has a problem that `policy` calls an error.

    Raises:
        PlanRefused: with a line for each of them.
    """
    if errors := plan.of(Severity.ERROR, policy):
        raise PlanRefused("nothing was applied:\n" + "\n".join(f"  {finding.in_folder(folder)}" for finding in errors))


def _send(database: Database, name: str, request: Request, progress: Progress) -> None:
    """Sends one migration, once. After an error the ledger decides: it alone knows whether the write took effect.

    Raises:
        MigrationFailed: it did not take effect, or nobody knows.
    """
    try:
        (database.import_script if request.as_import else database.write)(request.sql)
    except ApiError as error:
        try:
            took_effect = name in applied(database, progress.target.table)
        except ApiError as second:
            both = f"{error}; reading the ledger to learn what happened failed too: {second}"
            raise progress.failure(name, both, UNREAD) from second
        if not took_effect:
            raise progress.failure(name, str(error), _outcome(error, request)) from error


def _outcome(error: ApiError, request: Request) -> Outcome:
    """What is known once the ledger was read and does not show the migration."""
    if isinstance(error, OutcomeUnknown) and request.as_import:
        return STILL_RUNNING
    # The service's own failures have the same code, and are OutcomeUnknown.
    return UNDONE if error.code == SQL_REFUSED and not isinstance(error, OutcomeUnknown) else NOT_SENT


def _verified(database: Database, progress: Progress) -> tuple[str, ...]:
    """The ledger after the last file.

    Raises:
        MigrationFailed: it can't be read, or does not show a file that ran.
    """
    try:
        names = applied(database, progress.target.table)
    except ApiError as error:
        cause = f"reading the ledger after the last file failed: {error}"
        raise progress.failure(progress.ran[-1], cause, UNREAD) from error
    if lost := [name for name in progress.ran if name not in names]:
        cause = f"it ran, but the ledger {progress.target.table} does not show it"
        raise progress.failure(lost[0], cause, UNRECORDED)
    return names
