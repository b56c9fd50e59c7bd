"""Every environment of the project as it is now: the databases of the stacks, and the one that wrangler keeps here."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from infra.cli import project
from infra.cli import stack as stacks
from infra.errors import ApiError, D1Error, NotFound, OutcomeUnknown, SqlError, TryLater, Unauthorized
from infra.naming import TITLES, title
from infra.render.status import GONE, LOCAL, NOT_STARTED, UNREACHABLE, UP_TO_DATE, Environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from infra.migrations.live import Live

_AT_ONCE: Final = 8
"""Environments that are asked at the same time, each by a pulumi process and three requests."""


def environments(folder: Path) -> list[Environment]:
    """Development, Production, Local, and then the other stacks by name. What can't be read is a row that says so.

    Args:
        folder: of Pulumi.yaml, which is the current one.

    Raises:
        ConfigError: pulumi does not say which stacks there are.
    """
    names = stacks.names()
    ask: list[Callable[[], Environment]] = []
    for usual in TITLES:
        found = [name for name in names if title(name) == title(usual)]
        ask += [partial(_guarded, name, _of_stack) for name in found] or [partial(_not_started, usual)]
    ask.append(partial(_guarded, "", partial(_local, folder)))
    ask += [partial(_guarded, name, _of_stack) for name in sorted(names, key=_natural) if title(name) not in _USUAL]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda one: one(), ask))


_USUAL: Final = frozenset(TITLES.values())


def _guarded(stack: str, ask: Callable[[str], Environment]) -> Environment:
    """What `ask` tells, or why it can't: one environment must not hide the others."""
    try:
        return ask(stack)
    except D1Error as error:
        return Environment(title(stack) if stack else LOCAL, stack, "", UNREACHABLE, error=str(error))


def _not_started(stack: str) -> Environment:
    # D1 gives every new database Time Travel.
    return Environment(title(stack), stack, "", NOT_STARTED, time_travel=True)


def _of_stack(stack: str) -> Environment:
    from infra.cloudflare.database import connect
    from infra.migrations import live
    from infra.retry import Retry

    outputs = stacks.outputs(stack)
    if "migrations_table" not in outputs:
        return _not_started(stack)
    retry = Retry(partial(click.echo, err=True))
    database = connect(outputs["account_id"], outputs["database_id"], retry=retry)
    about: dict[str, Any] = {"title": title(stack), "stack": stack, "database": outputs["database_name"]}
    try:
        now = live.read(database, outputs["migrations_table"])
        travel = _has_time_travel(database.bookmark)
    except NotFound:
        return Environment(**about, status=GONE)
    return Environment(
        **about,
        time_travel=travel,
        bookmark_expires=outputs["bookmark"]["expires"],
        **_standing(now, outputs),
    )


def _local(folder: Path, stack: str) -> Environment:
    """The database of `wrangler dev` and `wrangler d1 migrations apply --local`, for the binding of dev."""
    from infra import wrangler_file
    from infra.migrations import live
    from infra.wrangler_state import local_database

    settings = project.settings(folder, next(iter(TITLES)), needs_account=False)
    configuration = wrangler_file.chosen(settings.wrangler_config)
    known_by = wrangler_file.local_id(configuration, settings.binding_environment, settings.binding)
    database = local_database(Path(configuration), known_by) if known_by is not None else None
    if database is None:
        return Environment(LOCAL, stack, "", NOT_STARTED, time_travel=False)
    now = live.read(database, settings.migrations_table)
    outputs = {
        "migrations_dir": settings.migrations_dir,
        "migrations_pattern": settings.migrations_pattern,
        "migrations_table": settings.migrations_table,
    }
    return Environment(LOCAL, stack, "", time_travel=False, **_standing(now, outputs))


def _standing(now: Live, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """How far the database is behind the files, and what it has beside them."""
    from infra.migrations.folder import read_folder
    from infra.migrations.pattern import make_pattern
    from infra.migrations.review.review import drift
    from infra.render.report import drift_lines

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
