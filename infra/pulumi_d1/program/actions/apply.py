"""What a create and an update of the migrations resource do: one run, and the outputs that Pulumi keeps of it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_d1.errors import ApiError, MigrationFailed
from pulumi_d1.migrations.review.review import look
from pulumi_d1.migrations.run import runner
from pulumi_d1.migrations.run.recovery import OnFailure
from pulumi_d1.program.actions.fields import stored
from pulumi_d1.program.actions.inputs import policy, quarantine, read_planned, refuse_another_ledger, target
from pulumi_d1.program.actions.preview import say
from pulumi_d1.program.actions.record import Journal
from pulumi_d1.program.pulumi_sdk import keep_outputs
from pulumi_d1.system.actor import find as find_actor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_d1.cloudflare.database import Database


def apply(database: Database, props: Mapping[str, Any], previous: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs once the database is up to date; after a failure Pulumi keeps those of what was applied.

    Args:
        database: the database.
        props: inputs of the resource.
        previous: its inputs and outputs in the state; empty when it is not there.

    Raises:
        D1Error: the run was refused, or failed.
    """
    to, inputs = target(props), stored(props)
    files = read_planned(props)
    reviewed = look(database, files, to.table, previous.get("checksums", {}), quarantine(props))
    refuse_another_ledger(props, previous, reviewed.plan.applied)
    journal = Journal(files, previous, find_actor(Path(to.folder)))
    try:
        report = runner.apply(
            database,
            reviewed,
            to,
            policy=policy(props),
            on_failure=OnFailure(props["on_failure"]),
            say=say,
            record=journal.record,
        )
    except MigrationFailed as failure:
        if failure.applied:
            with suppress(ApiError):  # without the ledger, the state stays as it was
                ledger = runner.applied(database, to.table)
                reached = journal.outputs(ledger, journal.entries[0].bookmark, to.name)
                keep_outputs(props, {**inputs, **reached}, str(failure))
        raise
    return {**inputs, **journal.outputs(report.ledger, report.bookmark, to.name)}
