"""Create and update of the migrations resource: one run, and the outputs that Pulumi keeps of it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_d1.errors import ApiError, MigrationFailed
from pulumi_d1.migrations import live
from pulumi_d1.migrations.review.review import review_database
from pulumi_d1.migrations.run import runner
from pulumi_d1.program.actions.inputs import NO_STATE, migrations_inputs, refuse_another_ledger
from pulumi_d1.program.actions.record import RunRecord
from pulumi_d1.program.pulumi_sdk import OUTPUTS_KEPT, keep_outputs
from pulumi_d1.system.actor import find_actor
from pulumi_d1.system.log import reported

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.program.actions.inputs import MigrationsState


def apply(database: Database, props: Mapping[str, Any], state: MigrationsState) -> dict[str, Any]:
    """Bring the database up to date, and return the outputs. After a failure, Pulumi keeps what was applied.

    Raises:
        D1Error: The run was refused, or failed.
    """
    inputs = migrations_inputs(props)
    target, files = inputs.target, inputs.files.read_planned()
    with reported(f"rehearsing on {target.name}"):
        review = review_database(
            database,
            files,
            target.table,
            state.digests,
            inputs.quarantine,
            stop=inputs.options.stop,
            options=inputs.options.rehearsal,
        )
    refuse_another_ledger(inputs, state, review.plan.applied)
    record = RunRecord(files, state, find_actor(Path(target.folder)))
    try:
        with reported(f"migrating {target.name}"):
            report = runner.apply(database, review, target, options=inputs.options, on_applied=record.add)
    except MigrationFailed as failure:
        if failure.applied:
            with suppress(ApiError):  # without the ledger, the state stays as it was
                ledger = live.read_ledger(database, target.table)
                outputs = record.outputs(ledger, record.applications[0].bookmark, target.name)
                note = "" if state is NO_STATE else f"\n{OUTPUTS_KEPT}"
                keep_outputs(props, {**props, **outputs}, f"{failure}{note}")
        raise
    return {**props, **record.outputs(report.ledger, report.bookmark, target.name)}
