"""Every environment of the project as it is now: the databases of the stacks, and the one that wrangler keeps here."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import click
from click.globals import push_context

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support import stack_state as stacks
from pulumi_d1.errors import ApiError, ConfigError, D1Error, NotFound, OutcomeUnknown, SqlError, TryLater, Unauthorized
from pulumi_d1.naming import TITLES, title_of
from pulumi_d1.reports.status_table import GONE, LOCAL, NOT_STARTED, UNREACHABLE, UP_TO_DATE, Environment

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pulumi_d1.migrations.live import Live

_Job: TypeAlias = Callable[[], "list[Environment]"]

_AT_ONCE: Final = 8
"""Stacks that are asked at the same time, each by a pulumi process and three requests."""


def environments(folder: Path, only: Collection[str] = ()) -> list[Environment]:
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


def _guarded(title: str, stack: str, job: _Job) -> list[Environment]:
    """What `job` tells, or why it can't: one environment must not hide the others."""
    try:
        return job()
    except D1Error as error:
        return [Environment(title, stack, "", UNREACHABLE, error=str(error))]


def _not_started(stack: str) -> list[Environment]:
    # D1 gives every new database Time Travel.
    return [Environment(title_of(stack), stack, "", NOT_STARTED, time_travel=True)]


def _of_stack(stack: str) -> list[Environment]:
    """A row for each environment of the stack, of which a larger program may have several."""
    found = stacks.migrated(stack)
    rows: list[Environment] = []
    for outputs in found:
        title = f"{title_of(stack)} {outputs['database_name']}" if len(found) > 1 else title_of(stack)
        rows += _guarded(title, stack, partial(_of_database, title, stack, outputs))
    return rows or _not_started(stack)


def _of_database(title: str, stack: str, outputs: Mapping[str, Any]) -> list[Environment]:
    from pulumi_d1.cloudflare.database import connect
    from pulumi_d1.cloudflare.retry import Retry
    from pulumi_d1.migrations import live

    retry = Retry(partial(click.echo, err=True))
    database = connect(outputs["account_id"], outputs["database_id"], retry=retry)
    about: dict[str, Any] = {"title": title, "stack": stack, "database": outputs["database_name"]}
    try:
        now = live.read(database, outputs["migrations_table"])
        travel = _has_time_travel(database.bookmark)
    except NotFound:
        return [Environment(**about, status=GONE)]
    expires = (outputs.get("bookmark") or {}).get("expires", "")
    return [Environment(**about, time_travel=travel, bookmark_expires=expires, **_standing(now, outputs))]


def _local(folder: Path, stacks_of_dev: Sequence[str]) -> list[Environment]:
    """The database of `wrangler dev` and `wrangler d1 migrations apply --local`, for each binding of dev."""
    found = [outputs for stack in stacks_of_dev for outputs in stacks.environments(stack)]
    entries = [
        {**outputs, **{key: outputs["wrangler_entry"][key] for key in ("path", "environment", "binding")}}
        for outputs in found
        if "wrangler_entry" in outputs
    ]
    rows: list[Environment] = []
    for entry in entries or [_local_entry(folder)]:
        title = f"{LOCAL} {entry['database_name']}" if len(entries) > 1 else LOCAL
        rows += _guarded(title, "", partial(_of_wrangler, title, entry))
    return rows


def _local_entry(folder: Path) -> dict[str, Any]:
    """What the program will write into the wrangler configuration for dev, as far as it concerns the local database."""
    from pulumi_d1.wrangler import configuration_file as wrangler_file

    settings = project.settings(folder, "dev", needs_account=False)
    return {
        "path": wrangler_file.chosen(settings.wrangler_config),
        "environment": settings.binding_environment,
        "binding": settings.binding,
        "migrations_dir": settings.migrations_dir,
        "migrations_pattern": settings.migrations_pattern,
        "migrations_table": settings.migrations_table,
    }


def _of_wrangler(title: str, entry: Mapping[str, Any]) -> list[Environment]:
    from pulumi_d1.migrations import live
    from pulumi_d1.wrangler import configuration_file as wrangler_file
    from pulumi_d1.wrangler.local_databases import local_database

    known_by = wrangler_file.local_id(entry["path"], entry["environment"], entry["binding"])
    database = local_database(Path(entry["path"]), known_by) if known_by is not None else None
    if database is None:
        return [Environment(title, "", "", NOT_STARTED, time_travel=False)]
    standing = _standing(live.read(database, entry["migrations_table"]), entry)
    return [Environment(title, "", "", time_travel=False, **standing)]


def _standing(now: Live, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """How far the database is behind the files, and what it has beside them."""
    from pulumi_d1.migrations.folder import read_folder
    from pulumi_d1.migrations.pattern import make_pattern
    from pulumi_d1.migrations.review.review import drift
    from pulumi_d1.reports.review_text import drift_lines

    folder = outputs["migrations_dir"]
    files = read_folder(Path(folder), make_pattern(folder, outputs.get("migrations_pattern", "")))
    pending = tuple(file.name for file in files if file.name not in now.ledger)
    try:
        drifted = drift_lines(drift(files, now, outputs["migrations_table"]))
    except SqlError as error:
        drifted = (f"whether it drifted can't be told: {error}",)
    behind = f"{len(pending)} pending" if now.ledger else NOT_STARTED
    return {
        "status": behind if pending else UP_TO_DATE,
        "last_migration": now.ledger[-1] if now.ledger else "",
        "pending": pending,
        "drift": drifted,
    }


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
