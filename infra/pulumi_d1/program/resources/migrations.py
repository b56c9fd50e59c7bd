"""The migrations of one database as a Pulumi resource.

`pulumi_d1.program.resources.migrations.D1MigrationsProvider` is a stored format: the state names the provider by this
path, and refresh and destroy load it from there. The program imports this module to name the resource, so it imports
what the provider does only when the provider does it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pulumi  # noqa: TC002 - Pulumi resolves the annotations of a resource when it runs
from pulumi.dynamic import (
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    UpdateResult,
)

from pulumi_d1.errors import NotFound
from pulumi_d1.program.actions.inputs import (
    IDENTITY,
    MIGRATIONS_INPUTS,
    NO_STATE,
    database_inputs,
    ledger_outputs,
    migrations_inputs,
    migrations_state,
)
from pulumi_d1.program.pulumi_sdk import OUTPUTS_KEPT, message_only
from pulumi_d1.program.resources.provider import DatabaseProvider

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.quarantine import Quarantine
    from pulumi_d1.migrations.review.review import Review
    from pulumi_d1.migrations.run.options import RunOptions
    from pulumi_d1.program.actions.inputs import DatabaseInputs, MigrationsInputs, MigrationsState

OUTPUTS: Final = ("applied", "checksums", "last_migration", "bookmark", "restore_command", "history")


class D1MigrationsProvider(DatabaseProvider):
    """Apply pending files. The ledger in the database decides which those are, not the state."""

    def check(self, _olds: dict[str, Any], _news: dict[str, Any]) -> CheckResult:
        """Print the review if there is no resource yet: Pulumi calls no `diff` then."""
        if not _olds:
            from pulumi_d1.program.actions import preview

            with message_only():
                inputs = migrations_inputs(_news)
                if not inputs.database.id:
                    preview.refuse_taken_name(inputs, self._token)
                preview.print_review(self._first_review(inputs), inputs)
        return CheckResult(_news, [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the inputs, and the ledger with the state; another database replaces the resource.

        Pulumi calls this before it replaces the database, for whatever reason; the new database has no id then.
        """
        changed = [name for name in MIGRATIONS_INPUTS if _olds.get(name) != _news.get(name)]
        replaces = [name for name in changed if name in IDENTITY]
        with message_only(OUTPUTS_KEPT):
            if replaces:
                self._refuse_replacement(database_inputs(_olds))
                return DiffResult(changes=True, replaces=replaces)
            from pulumi_d1.program.actions import preview

            inputs, state = migrations_inputs(_news), migrations_state(_olds)
            review = preview.review_existing(lambda: self._connect(inputs.database), inputs, state)
            preview.print_review(review, inputs)
        is_behind = review.plan.pending or tuple(review.plan.applied) != state.applied
        return DiffResult(changes=bool(changed or is_behind))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Bring the database up to date."""
        return CreateResult(props["database_id"], self._apply(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Bring the database up to date, as `create` does: the ledger decides what is pending."""
        with message_only(OUTPUTS_KEPT):
            state = migrations_state(_olds)
        return UpdateResult(self._apply(_news, state))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read the ledger again; drop the resource if its database does not exist. `diff` then prints the drift."""
        from pulumi_d1.migrations import live

        with message_only():
            database = database_inputs(props)
            try:
                ledger = live.read_ledger(self._connect(database), database.migrations_table)
            except NotFound:
                return ReadResult("", {})
            return ReadResult(id_, {**props, **ledger_outputs(ledger)})

    def _first_review(self, inputs: MigrationsInputs) -> Review:
        from pulumi_d1.program.actions import preview

        database = inputs.database
        if not database.id or self._awaits_copy(database):
            source = database.readable_source()
            return preview.review_new(inputs, self._connect(source) if source else None)
        return preview.review_existing(lambda: self._connect(database), inputs)

    def _awaits_copy(self, database: DatabaseInputs) -> bool:
        """Return whether the database is empty because an earlier run ended before it copied into it."""
        from pulumi_d1.migrations import live

        return (
            bool(database.source) and not live.read_database(self._connect(database), database.migrations_table).objects
        )

    def _refuse_replacement(self, database: DatabaseInputs) -> None:
        from pulumi_d1.protection import guard

        if database.pending_deletion:
            guard.refuse_replacement(database.pending_deletion, lambda: self._connect(database))

    def _apply(self, props: Mapping[str, Any], state: MigrationsState = NO_STATE) -> dict[str, Any]:
        from pulumi_d1.program.actions.apply import apply

        with message_only("" if state is NO_STATE else OUTPUTS_KEPT):
            return apply(self._connect(database_inputs(props)), props, state)


class D1Migrations(Resource, module="d1", name="Migrations"):
    """The applied migrations of one database."""

    applied: pulumi.Output[list[str]]
    checksums: pulumi.Output[dict[str, str]]
    last_migration: pulumi.Output[str]
    bookmark: pulumi.Output[dict[str, str]]
    restore_command: pulumi.Output[str]
    history: pulumi.Output[list[dict[str, Any]]]

    def __init__(  # noqa: PLR0913 - its inputs
        self,
        name: str,
        *,
        database: Mapping[str, pulumi.Input[Any]],
        files: Sequence[Migration],
        folder: str,
        pattern: str,
        options: RunOptions,
        quarantine: Quarantine,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the resource. The digest of each file is an input, so that Pulumi's diff names the files.

        Args:
            database: The inputs of `database_inputs`.
            folder: The folder as the user wrote it.
            pattern: Value of `migrationsPattern`.
        """
        inputs = {
            **database,
            "migrations_dir": folder,
            "migrations_pattern": pattern,
            "migrations": {file.name: file.sha256 for file in files},
            "run": options.as_json(),
            "quarantine": str(quarantine),
            "stack": quarantine.stack,
        }
        super().__init__(D1MigrationsProvider(), name, {**inputs, **dict.fromkeys(OUTPUTS)}, opts)
