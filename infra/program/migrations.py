"""The migrations of one database as a Pulumi resource.

`infra.program.migrations.D1MigrationsProvider` is a stored format: the state names the provider by this path, and
refresh and destroy load it from there. Renaming it orphans existing resources.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import (
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from infra import cloudflare
from infra.actor import find as find_actor
from infra.errors import ApiError, MigrationFailed, NotFound
from infra.migrations import live
from infra.migrations.review.review import look
from infra.migrations.run import runner
from infra.migrations.run.recovery import OnFailure
from infra.program import preview
from infra.program.inputs import (
    IDENTITY,
    changed,
    policy,
    quarantine,
    read_planned,
    refuse_another_ledger,
    stored,
    target,
)
from infra.program.journal import OUTPUTS, Journal, of_ledger
from infra.program.partial import keep_outputs
from infra.program.quiet import NAME, message_only
from infra.retry import Retry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra.migrations.folder import Migration


class D1MigrationsProvider(ResourceProvider):
    """Applies what is pending. The ledger in the database decides what that is, not the state."""

    # The pickle is a reference to this class and holds no secret; in plain text, anyone can check that.
    serialize_as_secret_always = False

    _token: str | None = None

    def configure(self, req: ConfigureRequest) -> None:
        """Takes the token from the stack's secret configuration; without one the environment's counts."""
        self._token = req.config.get("cloudflare:apiToken")

    def check(self, _olds: dict[str, Any], _news: dict[str, Any]) -> CheckResult:
        """Shows the plan where there is no resource yet: Pulumi asks for no diff then."""
        if not _olds:
            with message_only():
                is_new = isinstance(_news["database_id"], pulumi.output.Unknown)
                if is_new:
                    preview.refuse_taken_name(_news, self._token)
                seen = preview.of_new(_news) if is_new else preview.of_live(lambda: self._database(_news), _news, {})
                preview.show(seen, _news)
        return CheckResult(_news, [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Changed when an input changed, or the ledger is not what the state says; another database replaces."""
        new = changed(_olds, _news)
        replaces = [name for name in new if name in IDENTITY]
        with message_only():
            seen = preview.of_new(_news) if replaces else preview.of_live(lambda: self._database(_news), _news, _olds)
            preview.show(seen, _news)
        drifted = list(seen.plan.applied) != _olds.get("applied")
        return DiffResult(changes=bool(new or seen.plan.pending or drifted), replaces=replaces)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Brings the database up to date."""
        return CreateResult(props["database_id"], self._apply(props, {}))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Brings the database up to date: the same function, since the ledger decides what is pending."""
        return UpdateResult(self._apply(_news, _olds))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Reads the ledger again, and says what drifted; a database that is gone drops the resource from the state."""
        with message_only():
            try:
                now = live.read(self._database(props), props["migrations_table"])
            except NotFound:
                return ReadResult("", {})
            preview.show_drift(now, props)
            return ReadResult(id_, {**props, **of_ledger(now.ledger)})

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Nothing to do: the tables live and die with their database."""

    def _apply(self, props: Mapping[str, Any], previous: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs once the database is up to date; after a failure Pulumi keeps those of what was applied."""
        to, inputs = target(props), stored(props)
        with message_only():
            database, files = self._database(props), read_planned(props)
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
                    say=preview.say,
                    record=journal.record,
                )
            except MigrationFailed as failure:
                if failure.applied:
                    with suppress(ApiError):  # without the ledger, the state stays as it was
                        ledger = runner.applied(database, to.table)
                        reached = journal.outputs(ledger, journal.entries[0].bookmark, to.name)
                        keep_outputs(props, {**inputs, **reached}, f"{NAME}: {failure}")
                raise
            return {**inputs, **journal.outputs(report.ledger, report.bookmark, to.name)}

    def _database(self, props: Mapping[str, Any]) -> cloudflare.Database:
        return cloudflare.connect(
            props["account_id"], props["database_id"], token=self._token, retry=Retry(preview.say)
        )


class D1Migrations(Resource, module="d1", name="Migrations"):
    """The applied migrations of one database."""

    applied: pulumi.Output[list[str]]
    checksums: pulumi.Output[dict[str, str]]
    last_migration: pulumi.Output[str]
    bookmark: pulumi.Output[dict[str, str]]
    restore_command: pulumi.Output[str]
    history: pulumi.Output[list[dict[str, Any]]]

    def __init__(
        self,
        name: str,
        *,
        files: Sequence[Migration],
        inputs: Mapping[str, pulumi.Input[Any]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """The digest of each file is an input, so that Pulumi's own diff names the files.

        Args:
            name: of the resource.
            files: the migrations folder.
            inputs: INPUTS but for `migrations`, and STACK.
            opts: Pulumi's resource options.
        """
        listed = [{"name": file.name, "sha256": file.sha256} for file in files]
        computed = dict.fromkeys(OUTPUTS)
        super().__init__(D1MigrationsProvider(), name, {**inputs, "migrations": listed, **computed}, opts)
