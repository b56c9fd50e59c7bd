"""Create and update of the migrations resource: one run, and the outputs that Pulumi keeps of it."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_d1.errors import ApiError, MigrationFailed
from pulumi_d1.migrations import live
from pulumi_d1.migrations.review.review import raise_on_errors, review_database
from pulumi_d1.migrations.run import runner
from pulumi_d1.program.actions.backing_up import back_up_before_loss
from pulumi_d1.program.actions.inputs import NO_STATE, migrations_inputs, refuse_another_ledger
from pulumi_d1.program.actions.record import RunRecord
from pulumi_d1.program.pulumi_sdk import OUTPUTS_KEPT, keep_outputs
from pulumi_d1.system.actor import find_actor
from pulumi_d1.system.log import reported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.cloudflare.database import D1Api
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.review.review import Review
    from pulumi_d1.program.actions.inputs import MigrationsInputs, MigrationsState


def apply(database: D1Api, props: Mapping[str, Any], state: MigrationsState) -> dict[str, Any]:
    """Bring the database up to date, and return the outputs. After a failure, Pulumi keeps what was applied.

    Raises:
        D1Error: The run was refused, or failed.
    """
    inputs = migrations_inputs(props)
    target, files = inputs.target, inputs.files.read_planned()
    review_now = partial(_review, database, inputs, files, state)
    review = review_now()
    refuse_another_ledger(inputs, state, review.plan.applied)
    if inputs.options.backup and review.may_lose_rows:
        raise_on_errors(review, target.folder, inputs.options.policy)
        if back_up_before_loss(database, inputs):
            review = review_now()  # a backup takes time, in which rows may have changed
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


def _review(database: D1Api, inputs: MigrationsInputs, files: Sequence[Migration], state: MigrationsState) -> Review:
    with reported(f"rehearsing on {inputs.target.name}"):
        return review_database(
            database,
            files,
            inputs.target.table,
            state.digests,
            inputs.quarantine,
            stop=inputs.options.stop,
            options=inputs.options.rehearsal,
        )
