"""What `pulumi up` would do to a stack's database, found out without running Pulumi."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pulumi_d1.cloudflare.database import D1Api
    from pulumi_d1.migrations.plan import Problem, Severity
    from pulumi_d1.migrations.review.review import Review
    from pulumi_d1.settings import Settings

NOTHING, PROBLEM, PENDING = 0, 1, 2
"""Exit codes: nothing to do, something stops a run, files are pending."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A stack's files, held against its database.

    Attributes:
        settings: of the stack.
        review: what a run would do.
        hint: what to say about a folder that looks like another layout; None where there is nothing.
        database: the stack's; None where it is yet to be created, and where nobody was to be asked.
        offline: whether nobody was: the files ran on an empty database.
    """

    settings: Settings
    review: Review
    hint: str | None
    database: D1Api | None
    offline: bool

    @property
    def policy(self) -> Mapping[Problem, Severity]:
        """What the stack makes of problems."""
        from pulumi_d1.migrations.plan import policy_from

        return policy_from(self.settings.policy)

    @property
    def code(self) -> int:
        """The exit code; offline every file is pending, so that says nothing."""
        if any(self.review.errors(self.policy)):
            return PROBLEM
        return PENDING if self.review.plan.pending and not self.offline else NOTHING


def reviewed(folder: Path, stack: str, recorded: Mapping[str, str], *, offline: bool) -> Reviewed:
    """Reads files and database, and writes nothing.

    Args:
        folder: of Pulumi.yaml.
        stack: name of the stack, which need not exist.
        recorded: digests of applied files as they were when they were applied; empty where nobody knows them.
        offline: whether to ask no database.

    Raises:
        D1Error: a setting or a file is not what it should be, or the database can't be read.
    """
    from pulumi_d1.cli.support import project
    from pulumi_d1.cli.support.waiting import waiting
    from pulumi_d1.migrations import live
    from pulumi_d1.migrations.folder import layout_hint, read_folder
    from pulumi_d1.migrations.pattern import make_pattern
    from pulumi_d1.migrations.review.review import look, review

    settings = project.settings(folder, stack, needs_account=not offline)
    pattern = make_pattern(settings.migrations_dir, settings.migrations_pattern)
    files = read_folder(folder / settings.migrations_dir, pattern)
    hint = layout_hint(folder / settings.migrations_dir, pattern, settings.migrations_dir)
    table, quarantine = settings.migrations_table, settings.quarantined
    if offline:
        return Reviewed(settings, review(files, live.NEW, table, {}, lambda _: None), hint, None, offline)
    with waiting(f"reading {settings.database_name}, and running what is pending on a copy of its schema"):
        database = _database(settings)
        if database is None:
            done = review(files, live.NEW, table, {}, lambda _: {}, quarantine=quarantine)
        else:
            done = look(database, files, table, recorded, quarantine)
    return Reviewed(settings, done, hint, database, offline)


def _database(settings: Settings) -> D1Api | None:
    """The stack's database, if there is one.

    Raises:
        ApiError: it can't be asked for.
    """
    from functools import partial

    from pulumi_d1.cloudflare.account import connect_account
    from pulumi_d1.cloudflare.retry import Retry
    from pulumi_d1.errors import NotFound

    retry = Retry(partial(click.echo, err=True))
    try:
        return connect_account(settings.account_id, retry=retry).find(settings.database_name)
    except NotFound:
        return None
