"""The migrations in `pulumi preview`, and in the preview before every `up`."""

from __future__ import annotations

import logging
import shlex
from typing import TYPE_CHECKING

from pulumi_d1.cloudflare.account import connect_account
from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.errors import ApiError, ConfigError, NotFound, PlanRefused
from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.review.limits import review_notes
from pulumi_d1.migrations.review.review import (
    raise_on_errors,
    review_database,
    review_new_database,
    review_without_rehearsal,
)
from pulumi_d1.program.actions.inputs import NO_STATE, refuse_another_ledger
from pulumi_d1.reports.review_text import format_review
from pulumi_d1.system.log import reported

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.plan import HashedFile
    from pulumi_d1.migrations.review.review import Review
    from pulumi_d1.program.actions.inputs import MigrationsInputs, MigrationsState

logger = logging.getLogger(__name__)

_printed: set[str] = set()
"""Reviews that this run has printed: Pulumi compares after a refresh, and again before an update."""


def refuse_taken_name(inputs: MigrationsInputs, token: str | None) -> None:
    """Refuse to create a database whose name is taken, before Cloudflare does (code 7502). Sends one request.

    Raises:
        PlanRefused: The account has such a database, and the stack does not own it.
    """
    name = inputs.database.name
    try:
        account = connect_account(inputs.database.account_id, token=token, retry=Retry(patience=0))
        database = account.describe(name)
    except (ApiError, ConfigError):
        return  # the creation itself will report it
    raise PlanRefused(
        f"the database {name} exists already ({database.id}), and this stack does not own it: run "
        f"'d1 adopt --stack {inputs.stack}' to let the next 'pulumi up' adopt it"
    )


def review_new(inputs: MigrationsInputs, source: Database | None = None) -> Review:
    """Review a database that does not exist yet: every file is pending, and no row can be lost.

    Args:
        source: The database that it becomes a copy of before its files run; None if it starts empty.

    Raises:
        ConfigError: The folder has changed since the program read it.
        ApiError: The source cannot be read.
    """
    files, table = inputs.files.read_planned(), inputs.database.migrations_table
    quarantine, options = inputs.quarantine, inputs.options
    with reported(f"rehearsing on {inputs.database.name}"):
        if source:
            return review_database(source, files, table, {}, quarantine, stop=options.stop, options=options.rehearsal)
        return review_new_database(files, table, quarantine, stop=options.stop, options=options.rehearsal)


def review_existing(
    connect: Callable[[], Database], inputs: MigrationsInputs, state: MigrationsState = NO_STATE
) -> Review:
    """Review a database that exists: one request for schema and ledger, and a few for rows.

    If the folder has changed, or the database cannot be read and the stack allows that, the review is the plan alone,
    with the reason.

    Raises:
        PlanRefused: The database cannot be read, or the stack now names another ledger, which is empty.
    """
    planned: Sequence[HashedFile] = inputs.files.planned
    stop = inputs.options.stop
    try:
        planned = files = inputs.files.read_planned()
    except ConfigError as error:
        return review_without_rehearsal(planned, state.applied, state.digests, str(error), inputs.quarantine, stop)
    try:
        with reported(f"rehearsing on {inputs.database.name}"):
            review = review_database(
                connect(),
                files,
                inputs.database.migrations_table,
                state.digests,
                inputs.quarantine,
                stop=stop,
                options=inputs.options.rehearsal,
            )
    except (ApiError, ConfigError) as error:
        if inputs.options.unreadable is Severity.ERROR:
            raise PlanRefused(_explain_unreadable(inputs, error)) from error
        return review_without_rehearsal(planned, state.applied, state.digests, str(error), inputs.quarantine, stop)
    refuse_another_ledger(inputs, state, review.plan.applied)
    return review


def _explain_unreadable(inputs: MigrationsInputs, error: ApiError | ConfigError) -> str:
    database, stack = inputs.database, shlex.quote(inputs.stack)
    if isinstance(error, NotFound):
        return (
            f"there is no database {database.name} ({database.id}) in account {database.account_id}. If it was deleted "
            f"on purpose, run 'pulumi refresh --stack {stack}'; the next 'pulumi up' creates an empty one"
        )
    key = (
        database.rules.key.replace("confirmDeletion", "unreadableDatabase") if database.rules else "unreadableDatabase"
    )
    return (
        f"the database {database.name} cannot be read, so nothing was rehearsed: {error}. For a preview without it: "
        f"'pulumi config set {key} warning --stack {stack}'"
    )


def print_review(review: Review, inputs: MigrationsInputs) -> None:
    """Print what a run would do.

    Raises:
        PlanRefused: The run would be refused.
    """
    folder, policy = inputs.files.folder, inputs.options.policy
    notes = review_notes(review.rehearsal, inputs.options.retention)
    if inputs.options.backup and review.may_lose_rows:
        notes = (*notes, f"a backup is made and verified first, in {inputs.options.backup}")
    text = format_review(review, inputs.database.name, folder, policy, notes=notes, errors=False)
    if text and text not in _printed:
        _printed.add(text)
        logger.info(text)
    raise_on_errors(review, folder, policy)
