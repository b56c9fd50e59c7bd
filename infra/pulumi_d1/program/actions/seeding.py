"""Preview and run of the seeds resource."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from pulumi_d1.errors import ApiError, ConfigError, PlanRefused, SeedFailed, SqlError
from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations import live
from pulumi_d1.migrations.plan import make_plan
from pulumi_d1.migrations.rehearsal.evidence import run_on_rows
from pulumi_d1.migrations.rehearsal.process import OverBudgetError
from pulumi_d1.migrations.rehearsal.rows.options import BasisKind
from pulumi_d1.migrations.run.request import LARGE_BYTES
from pulumi_d1.program.actions.inputs import seeds_inputs
from pulumi_d1.program.pulumi_sdk import OUTPUTS_KEPT, keep_outputs
from pulumi_d1.seeds.changes import compare_seeds
from pulumi_d1.seeds.dry_run import dry_run_seeds
from pulumi_d1.seeds.run import SeedTarget, refuse_imports, run_seeds
from pulumi_d1.system.log import reported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.live import LiveDatabase
    from pulumi_d1.migrations.rehearsal.rehearse import Refusal
    from pulumi_d1.program.actions.inputs import CopySource, DatabaseInputs, SeedsInputs

logger = logging.getLogger(__name__)


def preview(
    connect: Callable[[DatabaseInputs | CopySource], Database], inputs: SeedsInputs, ran: Mapping[str, str]
) -> None:
    """Print which seeds would run and what is wrong with them, after a rehearsal behind that of the migrations.

    Args:
        connect: Connects to the database, or to the one that it becomes a copy of.
        ran: Digest of each file when it last ran, by name.

    Raises:
        PlanRefused: A seed that is about to run would be refused.
    """
    changes = compare_seeds(inputs.files.planned, ran)
    if not changes.lines:
        return
    logger.info("\n".join([f"seeds of {inputs.database.name}:", *(f"  {line}" for line in changes.lines)]))
    if not changes.new and not changes.changed:
        return
    seeds = _read_files(inputs)
    refuse_imports((seed for seed in seeds if changes.runs(seed.name)), inputs.files.folder)
    seed_names = frozenset(filter(changes.runs, (seed.name for seed in seeds)))
    try:
        source, now = _before_migrations(connect, inputs.database)
        pending = make_plan(inputs.migrations.read_now(), now.ledger, {}, stop=inputs.stop).pending
        if (size := sum(len(seed.sql) for seed in seeds)) > LARGE_BYTES:
            logger.info(f"rehearsing {size / 1e6:,.0f} MB of seeds")
        table = inputs.database.migrations_table
        task = partial(dry_run_seeds, now.objects, pending, table, seeds, seed_names)
        kind = BasisKind.MADE if source else BasisKind.NEW
        with reported("rehearsing the seeds"):
            problems, _ = run_on_rows(
                task, now.objects, table, database=source, kind=kind, options=inputs.rehearsal, size=size
            )
    except (ApiError, OverBudgetError, SqlError) as error:
        logger.info(escape_line(f"the seeds could not be rehearsed: {error}"))
        return
    if warnings := _lines(problems.warnings, inputs):
        logger.info("\n".join(["warnings:", *warnings]))
    if refused := _lines(problems.refused, inputs):
        raise PlanRefused("\n".join(["no seed was run:", *refused]))


def run(database: Database, props: Mapping[str, Any], ran: Mapping[str, str]) -> dict[str, str]:
    """Run the new and changed seeds, and return the digests of all that ran, by name.

    Args:
        ran: Digest of each file when it last ran, by name.

    Raises:
        D1Error: A file failed. Pulumi keeps those that ran before it.
    """
    inputs = seeds_inputs(props)
    changes = compare_seeds(inputs.files.planned, ran)
    digests = {name: digest for name, digest in ran.items() if name not in changes.deleted}

    def record(seed: Migration) -> None:
        digests[seed.name] = seed.sha256

    seeds = [seed for seed in _read_files(inputs) if changes.runs(seed.name)]
    target = SeedTarget(inputs.database.name, inputs.files.folder)
    try:
        with reported(f"seeding {inputs.database.name}"):
            run_seeds(database, seeds, target, record=record)
    except SeedFailed as failure:
        if failure.ran:
            note = f"\n{OUTPUTS_KEPT}" if ran else ""
            keep_outputs(props, {**props, "ran": digests}, f"{failure}{note}")
        raise
    return digests


def _read_files(inputs: SeedsInputs) -> tuple[Migration, ...]:
    """Read the seeds with their text.

    Raises:
        ConfigError: The folder has changed since the program read it.
    """
    files = inputs.files.read_now()
    if {file.name: file.sha256 for file in files} != inputs.files.digests:
        raise ConfigError(
            f"{inputs.files.folder} changed after the plan was made; no seed was run. Run 'pulumi up' again"
        )
    return files


def _before_migrations(
    connect: Callable[[DatabaseInputs | CopySource], Database], database: DatabaseInputs
) -> tuple[Database | None, LiveDatabase]:
    """Return what the migrations will find: the database, the one that it becomes a copy of, or nothing."""
    source = connect(database) if database.id else None
    now = live.read_database(source, database.migrations_table) if source else live.NEW
    if not now.objects and (copied := database.readable_source()):
        source = connect(copied)
        now = live.read_database(source, database.migrations_table)
    return source, now


def _lines(refusals: Iterable[Refusal], inputs: SeedsInputs) -> list[str]:
    folder = inputs.files.folder
    return [escape_line(f"  {folder}/{item.name}:{item.line}:{item.column}: {item.message}") for item in refusals]
