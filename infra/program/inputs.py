"""The inputs of the migrations resource, and what they mean. Their names are a stored format: the state keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.errors import ConfigError, PlanRefused
from infra.migrations.folder import read_folder
from infra.migrations.pattern import make_pattern
from infra.migrations.plan import policy_from
from infra.migrations.run.progress import Target
from infra.quarantine import read_quarantine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra.migrations.folder import Migration
    from infra.migrations.plan import Problem, Severity
    from infra.quarantine import Quarantine

INPUTS = (
    "account_id",
    "database_id",
    "database_name",
    "migrations_dir",
    "migrations_pattern",
    "migrations_table",
    "retention_days",
    "policy",
    "on_failure",
    "quarantine",
    "deletion",
    "migrations",
)
IDENTITY = ("account_id", "database_id")
STACK = "stack"
"""Name of the stack, an input for messages alone: no change where a state lacks it."""


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file as the inputs name it: while Pulumi refreshes, the folder may hold others by now."""

    name: str
    sha256: str


def stored(props: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as the state keeps them."""
    return {name: _value(props, name) for name in INPUTS}


def changed(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    """Names of the inputs that are not what the state has."""
    return [name for name in INPUTS if _value(olds, name) != _value(news, name)]


def planned_files(props: Mapping[str, Any]) -> tuple[PlannedFile, ...]:
    """The files that the program has read."""
    return tuple(PlannedFile(item["name"], item["sha256"]) for item in props["migrations"])


def read_now(props: Mapping[str, Any]) -> tuple[Migration, ...]:
    """The files of the folder as it is now; the state of an older version knows no pattern.

    Raises:
        ConfigError: as read_folder raises.
    """
    folder = props["migrations_dir"]
    return read_folder(Path(folder), make_pattern(folder, _value(props, "migrations_pattern")))


def read_planned(props: Mapping[str, Any]) -> tuple[Migration, ...]:
    """The files that the program has read, with their text.

    Raises:
        ConfigError: the folder changed since.
    """
    files = read_now(props)
    planned = {file.name: file.sha256 for file in planned_files(props)}
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
    return read_quarantine(_value(props, "quarantine"), props.get(STACK, ""))


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


def _value(props: Mapping[str, Any], name: str) -> Any:
    """An input; one that a state from before it came lacks is as if it had been empty."""
    return props.get(name, "")
