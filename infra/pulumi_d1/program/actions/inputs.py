"""The inputs and outputs of our resources, parsed once into frozen values. The names are a stored format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pulumi

from pulumi_d1.errors import ConfigError, PlanRefused
from pulumi_d1.migrations.folder import migrations_folder, sort_key
from pulumi_d1.migrations.past.history import Application, application_from_json
from pulumi_d1.migrations.quarantine import Quarantine, read_quarantine
from pulumi_d1.migrations.rehearsal.rows.options import RehearsalOptions, rehearsal_from_json
from pulumi_d1.migrations.run.options import RunOptions, options_from_json
from pulumi_d1.migrations.run.progress import RunTarget
from pulumi_d1.migrations.stop import NO_STOP, stop_from_json
from pulumi_d1.protection.decision import DeletionRules, PendingDeletion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.squashes import SquashedText
    from pulumi_d1.migrations.stop import Stop

SOURCE: Final = "copied_from"
"""The input that holds a CopySource."""

IDENTITY: Final = ("account_id", "database_id")
"""Inputs of a database's identity: a change replaces the resource."""


@dataclass(frozen=True, slots=True)
class CopySource:
    """The database that a new one becomes a copy of, from the outputs of its stack.

    Attributes:
        database_id: UUID; empty if the stack has no database yet.
        require_mask: Not empty if its rows may not be copied without a mask.
    """

    stack: str
    account_id: str
    database_id: str
    database_name: str
    migrations_table: str
    require_mask: str


@dataclass(frozen=True, slots=True)
class DatabaseInputs:
    """The database of a resource.

    Attributes:
        id: UUID; empty while Pulumi does not know it, because the database does not exist yet.
        rules: Rules for its deletion; None for a resource that does not guard it.
        source: The database that it becomes a copy of; None if it starts empty.
    """

    account_id: str
    id: str
    name: str
    migrations_table: str
    rules: DeletionRules | None
    source: CopySource | None

    @property
    def pending_deletion(self) -> PendingDeletion | None:
        """The database as one that may be deleted; None if this resource does not guard it."""
        return PendingDeletion(self.id, self.name, self.migrations_table, self.rules) if self.rules else None

    def readable_source(self) -> CopySource | None:
        """Return the source for a run that reads it. Other runs do not need it, so it may be deleted after the copy.

        Raises:
            PlanRefused: `copyFrom` names a stack without a database, with another ledger, or whose rows need masks.
        """
        source = self.source
        if source and not source.database_id:
            raise PlanRefused(
                f"copyFrom is {source.stack}, but that stack has no database yet: "
                f"run 'pulumi up --stack {source.stack}' first"
            )
        if source and source.require_mask:
            raise PlanRefused(
                f"copyFrom is {source.stack}, which has the key requireMask: remove copyFrom, and run "
                f"'d1 copy --from {source.stack} --to STACK --mask FILE' when this stack has a database"
            )
        if source and source.migrations_table != self.migrations_table:
            raise PlanRefused(
                f"{source.database_name} has its ledger in {source.migrations_table}, but migrationsTable is "
                f"{self.migrations_table} here: a copy includes the ledger, so set migrationsTable to the same name"
            )
        return source


def database_inputs(props: Mapping[str, Any]) -> DatabaseInputs:
    """Parse the inputs that name the database."""
    rules = props.get("deletion")
    source = None if _is_unknown(props.get(SOURCE)) else props.get(SOURCE)
    return DatabaseInputs(
        account_id=props["account_id"],
        id="" if _is_unknown(props["database_id"]) else props["database_id"],
        name=props["database_name"],
        migrations_table=props["migrations_table"],
        rules=DeletionRules(**rules) if rules else None,
        source=CopySource(**{name: source[name] for name in CopySource.__slots__}) if source else None,
    )


def _is_unknown(value: Any) -> bool:
    return isinstance(value, pulumi.output.Unknown)


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file as the inputs name it; the folder may have changed since the program read it."""

    name: str
    sha256: str

    @property
    def is_empty(self) -> bool:
        """False: without the text, it is not known."""
        return False

    @property
    def is_contract(self) -> bool:
        """False: without the text, it is not known."""
        return False

    @property
    def squashed(self) -> Sequence[SquashedText]:
        """Nothing: without the text, it is not known."""
        return ()

    @property
    def replaces(self) -> Sequence[str]:
        """Nothing: without the text, it is not known."""
        return ()

    def as_swap(self, _replaces: tuple[str, ...]) -> PlannedFile:
        """Return the file itself."""
        return self


@dataclass(frozen=True, slots=True)
class FileInputs:
    """A folder of SQL files, as the program read it.

    Attributes:
        folder: The folder as the user wrote it.
        pattern: Value of `migrationsPattern`; empty for the `.sql` files directly in the folder.
        digests: SHA-256 of each file, by name.
    """

    folder: str
    pattern: str
    digests: Mapping[str, str]

    @property
    def planned(self) -> tuple[PlannedFile, ...]:
        """The files in the order in which they run."""
        return tuple(PlannedFile(name, self.digests[name]) for name in sorted(self.digests, key=sort_key))

    def read_now(self) -> tuple[Migration, ...]:
        """Read the files that the folder has now.

        Raises:
            ConfigError: The folder or a file cannot be read.
        """
        return migrations_folder(self.folder, self.pattern).read()

    def read_planned(self) -> tuple[Migration, ...]:
        """Read the planned files, with their text.

        Raises:
            ConfigError: The folder has changed since the program read it.
        """
        files = self.read_now()
        now = {file.name: file.sha256 for file in files}
        if changed := sorted(name for name in {*self.digests, *now} if self.digests.get(name) != now.get(name)):
            paths = ", ".join(f"{self.folder}/{name}" for name in changed)
            raise ConfigError(f"{paths} changed after the plan was made; nothing was applied. Run 'pulumi up' again")
        return files


@dataclass(frozen=True, slots=True)
class MigrationsInputs:
    """The inputs of the migrations resource."""

    database: DatabaseInputs
    files: FileInputs
    options: RunOptions
    quarantine: Quarantine

    @property
    def stack(self) -> str:
        """The stack's name."""
        return self.quarantine.stack

    @property
    def target(self) -> RunTarget:
        """The database, as a run's messages name it."""
        return RunTarget(self.database.name, self.files.folder, self.database.migrations_table)


MIGRATIONS_INPUTS: Final = (
    *IDENTITY,
    "database_name",
    "migrations_table",
    "migrations_dir",
    "migrations_pattern",
    "migrations",
    "run",
    "quarantine",
    "deletion",
)
"""Inputs of the migrations resource whose change is an update; `stack` and `copied_from` are for messages alone."""


def migrations_inputs(props: Mapping[str, Any]) -> MigrationsInputs:
    """Parse the inputs of the migrations resource."""
    return MigrationsInputs(
        database=database_inputs(props),
        files=FileInputs(props["migrations_dir"], props["migrations_pattern"], props["migrations"]),
        options=options_from_json(props["run"]),
        quarantine=read_quarantine(props["quarantine"], props["stack"]),
    )


@dataclass(frozen=True, slots=True)
class MigrationsState:
    """The outputs of the last run of the migrations resource, as the state keeps them.

    Attributes:
        migrations_table: The ledger table of that run; empty before the first.
        applied: Names in the ledger, oldest first.
        checksums: SHA-256 of each applied file when it was applied, by name.
        bookmark: Id, time and expiry of the last bookmark.
    """

    migrations_table: str = ""
    applied: Sequence[str] = ()
    checksums: Mapping[str, str] | None = None
    history: tuple[Application, ...] = ()
    bookmark: Mapping[str, str] | None = None
    restore_command: str = ""

    @property
    def digests(self) -> Mapping[str, str]:
        """The checksums; empty before the first run."""
        return self.checksums or {}


NO_STATE: Final = MigrationsState()


def migrations_state(props: Mapping[str, Any]) -> MigrationsState:
    """Parse the outputs of the migrations resource."""
    return MigrationsState(
        migrations_table=props["migrations_table"],
        applied=tuple(props["applied"]),
        checksums=props["checksums"],
        history=tuple(map(application_from_json, props["history"])),
        bookmark=props["bookmark"],
        restore_command=props["restore_command"],
    )


def ledger_outputs(names: Sequence[str]) -> dict[str, Any]:
    """Return the outputs that a refresh reads again."""
    return {"applied": list(names), "last_migration": names[-1] if names else ""}


def refuse_another_ledger(inputs: MigrationsInputs, state: MigrationsState, ledger: Sequence[str]) -> None:
    """Refuse an empty ledger in place of one with rows: every file would run a second time.

    Args:
        state: The outputs of the last run.
        ledger: The names in the ledger that the inputs name.

    Raises:
        PlanRefused: `migrationsTable` changed, and the new table is empty.
    """
    old, new = state.migrations_table, inputs.database.migrations_table
    if old != new and state.applied and not ledger:
        raise PlanRefused(
            f"nothing was applied: migrationsTable is now '{new}', which has no rows, but '{old}' lists "
            f"{len(state.applied)} files as applied to {inputs.database.name}. Set it back, or rename the table first: "
            f'ALTER TABLE "{old}" RENAME TO "{new}"'
        )


@dataclass(frozen=True, slots=True)
class SeedsInputs:
    """The inputs of the seeds resource.

    Attributes:
        migrations: The migrations, which run before the seeds.
        rehearsal: Options of the rehearsal of the seeds.
        stop: Which migrations do not run.
    """

    database: DatabaseInputs
    files: FileInputs
    migrations: FileInputs
    rehearsal: RehearsalOptions
    stop: Stop


def seeds_inputs(props: Mapping[str, Any]) -> SeedsInputs:
    """Parse the inputs of the seeds resource."""
    return SeedsInputs(
        database=database_inputs(props),
        files=FileInputs(props["seeds_dir"], "", props["seeds"]),
        migrations=FileInputs(props["migrations_dir"], props["migrations_pattern"], {}),
        rehearsal=rehearsal_from_json(props.get("rehearsal", {})),
        stop=stop_from_json(props["stop"]) if "stop" in props else NO_STOP,
    )
