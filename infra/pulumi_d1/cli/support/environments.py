"""All environments of the project as they are now: the databases of the stacks, and wrangler's local database."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import click
from click.globals import push_context

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.stack_state import read_environments, refuse_unknown, stack_names
from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.errors import ApiError, D1Error, NotFound, NotSent, OutcomeUnknown, TryLater, Unauthorized
from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations import live
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.migrations.review.limits import plan_limits, schema_notes, size_note, written_text
from pulumi_d1.naming import DEVELOPMENT, TITLES, is_production, production_name, title_of
from pulumi_d1.reports.review_text import describe_drift
from pulumi_d1.reports.status_table import GONE, LOCAL, NOT_STARTED, UNREACHABLE, StatusRow, status_of
from pulumi_d1.wrangler import configuration_file
from pulumi_d1.wrangler.entry import WranglerEntry
from pulumi_d1.wrangler.local_databases import local_database

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from pulumi_d1.cli.support.stack_state import EnvironmentState
    from pulumi_d1.cloudflare.database import D1Api
    from pulumi_d1.migrations.live import LiveDatabase
    from pulumi_d1.migrations.review.limits import PlanLimits

_Job: TypeAlias = Callable[[], "list[StatusRow]"]

_CONCURRENCY: Final = 8
"""Stacks that are read at a time, each by a pulumi process and three requests."""


def environments(folder: Path, only: Collection[str] = ()) -> list[StatusRow]:
    """Return Development, Production, Local, and then the other stacks by name. An unreadable one has an error.

    Args:
        folder: The folder of Pulumi.yaml, which is the current one.
        only: The stacks to return beside Local; empty for all.

    Raises:
        ConfigError: pulumi cannot list the stacks, or one of `only` is not among them.
    """
    names = stack_names()
    production = production_name(names if any(map(is_production, names)) else project.configured_stacks(folder))
    usual = {
        name: [stack for stack in names if title_of(stack) == title]
        for name, title in zip((DEVELOPMENT, production), TITLES, strict=True)
    }
    refuse_unknown([name for name in only if name not in usual], names)
    wanted = set(only) or {*names, *usual}
    others = [stack for stack in names if title_of(stack) not in TITLES and stack in wanted]
    jobs = [
        *(job for name, same in usual.items() for job in _usual(name, same, wanted) if wanted & {name, *same}),
        partial(_guarded, LOCAL, "", partial(_local, folder, usual[DEVELOPMENT])),
        *_jobs(sorted(others, key=_natural_order)),
    ]
    context = click.get_current_context()  # it is thread-local, and has the value of --namespace
    found: list[StatusRow] = []
    with (
        waiting("reading environments", len(jobs)) as advance,
        ThreadPoolExecutor(_CONCURRENCY, initializer=push_context, initargs=(context,)) as pool,
    ):
        for rows in pool.map(lambda job: job(), jobs):
            found += rows
            advance()
    return found


def in_order(stacks: Iterable[str]) -> list[str]:
    """Return Development, Production, and then the other stacks by name."""
    return sorted(stacks, key=lambda name: ([*TITLES, title_of(name)].index(title_of(name)), _natural_order(name)))


def _usual(name: str, same: Sequence[str], wanted: set[str]) -> list[_Job]:
    """Return the jobs of an environment that is listed even if it does not exist yet."""
    return _jobs([stack for stack in same if stack in wanted] or same) or [partial(_not_started, name)]


def _jobs(names: Sequence[str]) -> list[_Job]:
    return [partial(_guarded, title_of(name), name, partial(_stack_rows, name)) for name in names]


def _guarded(title: str, stack: str, job: _Job) -> list[StatusRow]:
    """Return the rows of a job, or a row with its error: one environment must not hide the others."""
    try:
        return job()
    except D1Error as error:
        return [StatusRow(title, stack, "", UNREACHABLE, error=str(error))]


def _not_started(stack: str) -> list[StatusRow]:
    # D1 gives every new database Time Travel.
    return [StatusRow(title_of(stack), stack, "", NOT_STARTED, time_travel=True)]


def _stack_rows(stack: str) -> list[StatusRow]:
    """Return a row for each environment of the stack; a larger program may have several."""
    states = read_environments(stack)
    rows: list[StatusRow] = []
    for state in states:
        title = f"{title_of(stack)} {state.database_name}" if len(states) > 1 else title_of(stack)
        rows += _guarded(title, stack, partial(_environment_row, title, state))
    return rows or _not_started(stack)


def _environment_row(title: str, state: EnvironmentState) -> list[StatusRow]:
    database = state.database()
    row = StatusRow(title, state.stack, state.database_name, GONE)
    try:
        current = live.read_database(database, state.migrations_table)
        time_travel = _has_time_travel(database.bookmark)
        size = database.query(["SELECT 1"])[0].size
    except NotFound:
        return [row]
    limits = plan_limits(state.retention)
    row = replace(
        row,
        time_travel=time_travel,
        bookmark_expires=state.bookmark_expires,
        size=size,
        size_limit=limits.size,
        notes=(
            *size_note(size, limits),
            *_written_note(database, limits),
            *schema_notes(current.objects, state.migrations_table),
        ),
    )
    return [_compare(row, current, state.migrations_dir, state.migrations_pattern, state.migrations_table)]


def _written_note(database: D1Api, limits: PlanLimits) -> tuple[str, ...]:
    """Return the rows that were written today, or why they are unknown; none if the plan has no limit for a day."""
    if not limits.rows_written:
        return ()
    now = datetime.now(UTC)
    account = Account(database.client, database.account_id, database.retry)
    try:
        rows = account.rows_written(now.replace(hour=0, minute=0, second=0, microsecond=0), now)
    except ApiError as error:
        return (escape_line(f"it is unknown how many rows were written today: {error}"),)
    return (written_text(rows, limits),)


def _local(folder: Path, development: Sequence[str]) -> list[StatusRow]:
    """Return a row for each binding of dev: the database that `wrangler dev` uses."""
    states = [state for stack in development for state in read_environments(stack)]
    entries = [_local_entry(entry, state) for state in states for entry in state.wrangler_entries[:1]]
    rows: list[StatusRow] = []
    for entry in entries or [_future_entry(folder)]:
        title = f"{LOCAL} {entry.database_name}" if len(entries) > 1 else LOCAL
        rows += _guarded(title, "", partial(_local_row, title, entry))
    return rows


def _local_entry(entry: WranglerEntry, state: EnvironmentState) -> WranglerEntry:
    """Return the entry with its migrations relative to the project's folder."""
    return replace(entry, migrations_dir=state.migrations_dir, migrations_pattern=state.migrations_pattern)


def _future_entry(folder: Path) -> WranglerEntry:
    """Return the entry that the first `pulumi up` of dev will write, as `_local_entry` does."""
    settings = project.settings(folder, DEVELOPMENT, needs_account=False)
    place = settings.binding_places[0]
    return WranglerEntry(
        path=configuration_file.configuration_path(place.path),
        environment=place.environment,
        binding=place.binding,
        migrations_dir=settings.migrations_dir,
        migrations_table=settings.migrations_table,
        migrations_pattern=settings.migrations_pattern,
    )


def _local_row(title: str, entry: WranglerEntry) -> list[StatusRow]:
    local_id = configuration_file.local_id(entry)
    database = local_database(Path(entry.path), local_id) if local_id is not None else None
    row = StatusRow(title, "", "", NOT_STARTED, time_travel=False)
    if database is None:
        return [row]
    current = live.read_database(database, entry.migrations_table)
    return [_compare(row, current, entry.migrations_dir, entry.migrations_pattern, entry.migrations_table)]


def _compare(
    row: StatusRow, current: LiveDatabase, migrations_dir: str, migrations_pattern: str, table: str
) -> StatusRow:
    """Return `row` with the pending files and the drift of a database."""
    files = migrations_folder(migrations_dir, migrations_pattern).read()
    pending = tuple(file.name for file in files if file.name not in current.ledger)
    return replace(
        row,
        status=status_of(current.ledger, pending),
        last_migration=current.ledger[-1] if current.ledger else "",
        pending=pending,
        drift=describe_drift(lambda: files, current, table),
    )


def _has_time_travel(bookmark: Callable[[], str]) -> bool:
    """Return whether the database has a bookmark.

    Raises:
        ApiError: Cloudflare does not answer.
    """
    try:
        return bool(bookmark())
    except (NotFound, NotSent, OutcomeUnknown, TryLater, Unauthorized):
        raise
    except ApiError:
        return False


def _natural_order(name: str) -> list[tuple[int, str]]:
    """Return a sort key that puts pr-2 before pr-12."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]
