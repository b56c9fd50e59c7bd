"""What the inputs of the migrations resource mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_d1.errors import ConfigError, PlanRefused
from pulumi_d1.migrations.folder import order, read_folder
from pulumi_d1.migrations.pattern import make_pattern
from pulumi_d1.migrations.plan import policy_from
from pulumi_d1.migrations.quarantine import read_quarantine
from pulumi_d1.migrations.run.progress import Target
from pulumi_d1.program.actions.fields import STACK, value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.plan import Problem, Severity
    from pulumi_d1.migrations.quarantine import Quarantine


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file as the inputs name it: while Pulumi refreshes, the folder may hold others by now."""

    name: str
    sha256: str


def planned_files(digests: Mapping[str, str]) -> tuple[PlannedFile, ...]:
    """The files that the program has read, in order, from the input that has their digests."""
    return tuple(PlannedFile(name, digests[name]) for name in sorted(digests, key=order))


def read_now(props: Mapping[str, Any]) -> tuple[Migration, ...]:
    """The files of the folder as it is now; the state of an older version knows no pattern.

    Raises:
        ConfigError: as read_folder raises.
    """
    folder = props["migrations_dir"]
    return read_folder(Path(folder), make_pattern(folder, value(props, "migrations_pattern")))


def read_planned(props: Mapping[str, Any]) -> tuple[Migration, ...]:
    """The files that the program has read, with their text.

    Raises:
        ConfigError: the folder changed since.
    """
    files = read_now(props)
    planned = props["migrations"]
    now = {file.name: file.sha256 for file in files}
    if changed := sorted(name for name in planned.keys() | now.keys() if planned.get(name) != now.get(name)):
        paths = ", ".join(f"{props['migrations_dir']}/{name}" for name in changed)
        raise ConfigError(f"{paths} changed after the plan was made, so nothing was applied: run 'pulumi up' again")
    return files


def target(props: Mapping[str, Any]) -> Target:
    """The database in the words of a run's messages."""
    return Target(
        name=props["database_name"],
        folder=props["migrations_dir"],
        table=props["migrations_table"],
        retention=timedelta(days=int(props["retention_days"])),
    )


def policy(props: Mapping[str, Any]) -> dict[Problem, Severity]:
    """What the stack makes of problems."""
    return policy_from(props["policy"])


def quarantine(props: Mapping[str, Any]) -> Quarantine:
    """What a restore took back from this stack."""
    return read_quarantine(value(props, "quarantine"), props.get(STACK, ""))


def refuse_another_ledger(props: Mapping[str, Any], previous: Mapping[str, Any], ledger: Sequence[str]) -> None:
    """An empty ledger in place of one with rows would run every file a second time.

    Args:
        props: the inputs.
        previous: inputs and outputs in the state; empty when the resource is not there.
        ledger: names in the ledger that `props` asks for.

    Raises:
        PlanRefused: `migrationsTable` changed, and the new table does not show what is applied.
    """
    new = props["migrations_table"]
    old = previous.get("migrations_table", new)
    if old != new and previous.get("applied") and not ledger:
        raise PlanRefused(
            f"nothing was applied: migrationsTable is now '{new}', which has no rows, but '{old}' shows that "
            f"{len(previous['applied'])} files are applied to {props['database_name']}. Set it back, or rename the "
            f'table first: ALTER TABLE "{old}" RENAME TO "{new}"'
        )
