"""Applies the pending migrations: bookmark, then each file with its ledger row."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from infra.errors import ApiError, MigrationFailed, OutcomeUnknown, PlanRefused
from infra.migrations import ledger
from infra.migrations.bookmark import Bookmark, taken_now
from infra.migrations.plan import DEFAULT_POLICY, Severity, make_plan
from infra.migrations.request import make_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import timedelta

    from infra.cloudflare import Database
    from infra.migrations.folder import Migration
    from infra.migrations.plan import Plan, Problem


@dataclass(frozen=True, slots=True)
class Target:
    """The database that a run changes, in the words of its messages.

    Attributes:
        name: of the database.
        folder: of the migrations, as the user wrote it.
        table: name of the ledger.
        retention: how long Cloudflare keeps its bookmarks.
    """

    name: str
    folder: str
    table: str
    retention: timedelta


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
        ApiError: the database can't be read; nothing was written.
    """
    plan = make_plan(migrations, applied(database, target.table), recorded)
    refuse(plan, target.folder, policy)
    requests = [make_request(migration, target.folder, target.table) for migration in plan.pending]
    bookmark = taken_now(database.bookmark(), target.retention)
    if plan.pending:
        say(f"bookmark {bookmark.id} taken; way back: {bookmark.restore_command(target.name)}")
    ran: tuple[str, ...] = ()
    for migration, request in zip(plan.pending, requests, strict=True):
        try:
            (database.import_script if request.as_import else database.write)(request.sql)
        except ApiError as error:
            if migration.name not in _ledger_after(database, target.table, error):
                raise _failure(migration, error, ran, bookmark, target) from error
        ran = (*ran, migration.name)
        say(f"applied {migration.name} ({len(ran)} of {len(plan.pending)})")
    after = applied(database, target.table) if ran else plan.applied
    if lost := [name for name in ran if name not in after]:
        raise MigrationFailed(
            f"{', '.join(lost)} ran, but the ledger {target.table} of {target.name} does not show it: a migration must "
            f"not touch the ledger. Way back: {bookmark.restore_command(target.name)}",
            applied=ran,
            failed=lost[0],
            bookmark=bookmark.id,
        )
    return Report(ran, after, bookmark)


def refuse(plan: Plan, folder: str, policy: Mapping[Problem, Severity]) -> None:
    """Stops a run whose folder has a problem that `policy` calls an error.

    Raises:
        PlanRefused: with a line for each of them.
    """
    if errors := plan.of(Severity.ERROR, policy):
        raise PlanRefused("nothing was applied:\n" + "\n".join(f"  {finding.in_folder(folder)}" for finding in errors))


def _ledger_after(database: Database, table: str, error: ApiError) -> tuple[str, ...]:
    """The ledger after a failed write: it alone knows whether the write took effect, here or in another runner.

    Raises:
        OutcomeUnknown: the ledger can't be read either.
    """
    try:
        return applied(database, table)
    except ApiError as second:
        raise OutcomeUnknown(
            f"{error}; reading the ledger to learn what happened failed too: {second}. "
            "Run 'pulumi up' again once the API answers: it reads the ledger and goes on from there"
        ) from second


def _failure(
    migration: Migration, cause: ApiError, ran: tuple[str, ...], bookmark: Bookmark, target: Target
) -> MigrationFailed:
    lines = (
        f"migration {target.folder}/{migration.name} failed: {cause}",
        f"  database  {target.name}",
        f"  kept      {', '.join(ran) or 'nothing'} (applied by this run before it)",
        f"  undone    all of {migration.name}: a file runs as one transaction with its ledger row",
        f"  bookmark  {bookmark.id} (from before this run, restorable until {bookmark.expires.isoformat()})",
        f"  way back  {bookmark.restore_command(target.name)}",
        "  next      mend the file and run 'pulumi up' again",
    )
    return MigrationFailed("\n".join(lines), applied=ran, failed=migration.name, bookmark=bookmark.id)
