"""Every environment of the project as it is now: the databases of the stacks, and the one that wrangler keeps here."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import click
from click.globals import push_context

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support import stack_state as stacks
from pulumi_d1.errors import ApiError, ConfigError, D1Error, NotFound, OutcomeUnknown, SqlError, TryLater, Unauthorized
from pulumi_d1.naming import TITLES, title_of
from pulumi_d1.reports.status_table import GONE, LOCAL, NOT_STARTED, UNREACHABLE, UP_TO_DATE, StatusRow
from pulumi_d1.wrangler import configuration_file
from pulumi_d1.wrangler.entry import WranglerEntry, entry_from
from pulumi_d1.wrangler.local_databases import local_database

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pulumi_d1.migrations.live import Live

_Job: TypeAlias = Callable[[], "list[StatusRow]"]

_AT_ONCE: Final = 8
"""Stacks that are asked at the same time, each by a pulumi process and three requests."""


def environments(folder: Path, only: Collection[str] = ()) -> list[StatusRow]:
    """Development, Production, Local, and then the other stacks by name. What can't be read is a row that says so.

    Args:
        folder: of Pulumi.yaml, which is the current one.
        only: stacks to look at beside Local; none for all of them.

    Raises:
        ConfigError: pulumi does not say which stacks there are, or one of `only` is not among them.
    """
    names = stacks.names()
    if unknown := [name for name in only if name not in names and name not in TITLES]:
        raise ConfigError(f"there is no stack '{unknown[0]}': this project has {', '.join(names) or 'none'}")
    usual = {name: [stack for stack in names if title_of(stack) == title] for name, title in TITLES.items()}
    wanted = set(only) or {*names, *TITLES}
    others = [stack for stack in names if title_of(stack) not in TITLES.values() and stack in wanted]
    jobs = [
        *(job for name, found in usual.items() for job in _usual(name, found) if wanted & {name, *found}),
        partial(_guarded, LOCAL, "", partial(_local, folder, usual["dev"])),
        *_jobs(sorted(others, key=_natural)),
    ]
    context = click.get_current_context()  # each thread has its own, and it says which component is meant
    with ThreadPoolExecutor(_AT_ONCE, initializer=push_context, initargs=(context,)) as pool:
        return [row for rows in pool.map(lambda job: job(), jobs) for row in rows]


def _usual(name: str, found: Sequence[str]) -> list[_Job]:
    """An environment that every project has, if only as something to do."""
    return _jobs(found) or [partial(_not_started, name)]


def _jobs(names: Sequence[str]) -> list[_Job]:
    return [partial(_guarded, title_of(name), name, partial(_of_stack, name)) for name in names]


def _guarded(title: str, stack: str, job: _Job) -> list[StatusRow]:
    """What `job` tells, or why it can't: one environment must not hide the others."""
    try:
        return job()
    except D1Error as error:
        return [StatusRow(title, stack, "", UNREACHABLE, error=str(error))]


def _not_started(stack: str) -> list[StatusRow]:
    # D1 gives every new database Time Travel.
    return [StatusRow(title_of(stack), stack, "", NOT_STARTED, time_travel=True)]


def _of_stack(stack: str) -> list[StatusRow]:
    """A row for each environment of the stack, of which a larger program may have several."""
    found = stacks.migrated(stack)
    rows: list[StatusRow] = []
    for outputs in found:
        title = f"{title_of(stack)} {outputs['database_name']}" if len(found) > 1 else title_of(stack)
        rows += _guarded(title, stack, partial(_of_database, title, stack, outputs))
    return rows or _not_started(stack)


def _of_database(title: str, stack: str, outputs: Mapping[str, Any]) -> list[StatusRow]:
    from pulumi_d1.cloudflare.database import connect
    from pulumi_d1.migrations import live

    database = connect(outputs["account_id"], outputs["database_id"])
    row = StatusRow(title, stack, outputs["database_name"], GONE)
    try:
        now = live.read(database, outputs["migrations_table"])
        travel = _has_time_travel(database.bookmark)
    except NotFound:
        return [row]
    row = replace(row, time_travel=travel, bookmark_expires=(outputs.get("bookmark") or {}).get("expires", ""))
    layout = outputs["migrations_dir"], outputs.get("migrations_pattern", ""), outputs["migrations_table"]
    return [_compared(row, now, *layout)]


def _local(folder: Path, stacks_of_dev: Sequence[str]) -> list[StatusRow]:
    """Return a row for each binding of dev: the database of `wrangler dev` and `wrangler d1 migrations apply --local`."""
    entries = [_bound_by(outputs) for stack in stacks_of_dev for outputs in stacks.environments(stack)]
    rows: list[StatusRow] = []
    for entry in entries or [_future_entry(folder)]:
        title = f"{LOCAL} {entry.database_name}" if len(entries) > 1 else LOCAL
        rows += _guarded(title, "", partial(_of_wrangler, title, entry))
    return rows


def _bound_by(outputs: Mapping[str, Any]) -> WranglerEntry:
    """Return the wrangler entry of an environment. Its migrations are relative to the project's folder."""
    entry = entry_from(outputs["wrangler_entry"])
    return replace(
        entry, migrations_dir=outputs["migrations_dir"], migrations_pattern=outputs.get("migrations_pattern", "")
    )


def _future_entry(folder: Path) -> WranglerEntry:
    """Return the entry that the first `pulumi up` of dev will write, as `_bound_by` does."""
    settings = project.settings(folder, "dev", needs_account=False)
    return WranglerEntry(
        path=configuration_file.configuration_path(settings.wrangler_config),
        environment=settings.binding_environment,
        binding=settings.binding,
        migrations_dir=settings.migrations_dir,
        migrations_table=settings.migrations_table,
        migrations_pattern=settings.migrations_pattern,
    )


def _of_wrangler(title: str, entry: WranglerEntry) -> list[StatusRow]:
    from pulumi_d1.migrations import live

    local_id = configuration_file.local_id(entry)
    database = local_database(Path(entry.path), local_id) if local_id is not None else None
    row = StatusRow(title, "", "", NOT_STARTED, time_travel=False)
    if database is None:
        return [row]
    now = live.read(database, entry.migrations_table)
    return [_compared(row, now, entry.migrations_dir, entry.migrations_pattern, entry.migrations_table)]


def _compared(row: StatusRow, now: Live, folder: str, pattern: str, ledger: str) -> StatusRow:
    """Return `row` with the pending files and the drift of a database."""
    from pulumi_d1.migrations.folder import read_folder
    from pulumi_d1.migrations.pattern import make_pattern
    from pulumi_d1.migrations.review.review import drift
    from pulumi_d1.reports.review_text import drift_lines

    files = read_folder(Path(folder), make_pattern(folder, pattern))
    pending = tuple(file.name for file in files if file.name not in now.ledger)
    try:
        drifted = drift_lines(drift(files, now, ledger))
    except SqlError as error:
        drifted = (f"drift cannot be determined: {error}",)
    behind = f"{len(pending)} pending" if now.ledger else NOT_STARTED
    return replace(
        row,
        status=behind if pending else UP_TO_DATE,
        last_migration=now.ledger[-1] if now.ledger else "",
        pending=pending,
        drift=drifted,
    )


def _has_time_travel(bookmark: Callable[[], str]) -> bool:
    """Whether the database gives a bookmark.

    Raises:
        ApiError: it does not answer.
    """
    try:
        return bool(bookmark())
    except (NotFound, OutcomeUnknown, TryLater, Unauthorized):
        raise
    except ApiError:
        return False


def _natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts pr-2 before pr-12."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]
