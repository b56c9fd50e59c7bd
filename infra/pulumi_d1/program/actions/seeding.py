"""What the seeds resource does: what a preview tells, and a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_d1.errors import ApiError, ConfigError, PlanRefused, SeedFailed, SqlError
from pulumi_d1.migrations import live
from pulumi_d1.migrations.run.request import LARGE_BYTES
from pulumi_d1.program.actions.copy_source import source_of
from pulumi_d1.program.actions.inputs import planned_files, read_now
from pulumi_d1.program.actions.preview import say
from pulumi_d1.program.pulumi_sdk import keep_outputs
from pulumi_d1.seeds import run as runner
from pulumi_d1.seeds.changes import make_plan, read_seeds
from pulumi_d1.seeds.dry_run import rehearse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.live import Live
    from pulumi_d1.migrations.review.rehearsal import Refusal
    from pulumi_d1.seeds.changes import Plan


def planned(props: Mapping[str, Any], ran: Mapping[str, str]) -> Plan:
    """What would run of the files that the program has read."""
    return make_plan(planned_files(props["seeds"]), ran)


def show(connect: Callable[[], Database], props: Mapping[str, Any], ran: Mapping[str, str], token: str | None) -> None:
    """Says what would run, and what is wrong with it, after a rehearsal behind that of the migrations.

    Args:
        connect: gives the database, where it is known.
        props: inputs of the resource.
        ran: digest of each file when it last ran, by name.
        token: for the source of a copy; None for the environment's.

    Raises:
        PlanRefused: D1 would refuse a seed that is to run.
    """
    plan = planned(props, ran)
    if not plan.lines:
        return
    say("\n".join([f"seeds of {props['database_name']}:", *(f"  {line}" for line in plan.lines)]))
    if not plan.new and not plan.changed:
        return
    seeds = _files(props)
    try:
        now = _live(connect, props, token)
        pending = [file for file in read_now(props) if file.name not in now.ledger]
        if (size := sum(len(seed.sql) for seed in seeds)) > LARGE_BYTES:
            say(f"rehearsing {size / 1e6:,.0f} MB of seeds")
        seen = rehearse(now.objects, pending, props["migrations_table"], seeds, plan.runs)
    except (ApiError, SqlError) as error:
        say(f"the seeds are not rehearsed, since {error}")
        return
    if warnings := _lines(seen.warnings, props):
        say("\n".join(["warnings:", *warnings]))
    if refused := _lines(seen.refused, props):
        raise PlanRefused("\n".join(["no seed was run:", *refused]))


def run(database: Database, props: Mapping[str, Any], ran: Mapping[str, str]) -> dict[str, str]:
    """Runs what is new or changed; gives the digests of all that ran, by name.

    Args:
        database: the database.
        props: inputs of the resource.
        ran: digest of each file when it last ran, by name.

    Raises:
        D1Error: a file failed. Pulumi keeps those that ran before it.
    """
    plan = planned(props, ran)
    done = {name: digest for name, digest in ran.items() if name not in plan.gone}

    def record(seed: Migration) -> None:
        done[seed.name] = seed.sha256

    seeds = [seed for seed in _files(props) if plan.runs(seed.name)]
    target = runner.Target(props["database_name"], props["seeds_dir"])
    try:
        runner.run(database, seeds, target, say=say, record=record)
    except SeedFailed as failure:
        if failure.ran:
            keep_outputs(props, {**props, "ran": done}, str(failure))
        raise
    return done


def _files(props: Mapping[str, Any]) -> tuple[Migration, ...]:
    """The seeds with their text.

    Raises:
        ConfigError: the folder changed since the program has read it.
    """
    files = read_seeds(props["seeds_dir"])
    if {file.name: file.sha256 for file in files} != props["seeds"]:
        raise ConfigError(
            f"{props['seeds_dir']} changed after the plan was made, so no seed was run: run 'pulumi up' again"
        )
    return files


def _live(connect: Callable[[], Database], props: Mapping[str, Any], token: str | None) -> Live:
    """What the migrations will find: the database, the one that it becomes a copy of, or nothing."""
    table = props["migrations_table"]
    found = live.NEW if isinstance(props["database_id"], pulumi.output.Unknown) else live.read(connect(), table)
    if not found.objects and (source := source_of(props)):
        return live.read(source.connect(token), table)
    return found


def _lines(found: Iterable[Refusal], props: Mapping[str, Any]) -> list[str]:
    return [f"  {props['seeds_dir']}/{item.name}:{item.line}:{item.column}: {item.message}" for item in found]
