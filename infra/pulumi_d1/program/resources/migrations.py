"""The migrations of one database as a Pulumi resource.

`pulumi_d1.program.resources.migrations.D1MigrationsProvider` is a stored format: the state names the provider by this
path, and refresh and destroy load it from there. Renaming it orphans existing resources.

What the provider does is imported when it does it: the program, which only names the resource, imports this module too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import (
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    UpdateResult,
)

from pulumi_d1.errors import NotFound
from pulumi_d1.program.actions.fields import IDENTITY, OUTPUTS, changed, of_ledger
from pulumi_d1.program.pulumi_sdk import message_only
from pulumi_d1.program.resources.provider import DatabaseProvider

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.review.review import Review


class D1MigrationsProvider(DatabaseProvider):
    """Applies what is pending. The ledger in the database decides what that is, not the state."""

    def check(self, _olds: dict[str, Any], _news: dict[str, Any]) -> CheckResult:
        """Shows the plan where there is no resource yet: Pulumi asks for no diff then."""
        if not _olds:
            from pulumi_d1.program.actions import preview

            with message_only():
                is_new = isinstance(_news["database_id"], pulumi.output.Unknown)
                if is_new:
                    preview.refuse_taken_name(_news, self._token)
                new = is_new or self._awaits_copy(_news)
                seen = self._of_new(_news) if new else preview.of_live(lambda: self._database(_news), _news, {})
                preview.show(seen, _news)
        return CheckResult(_news, [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Changed when an input changed, or the ledger is not what the state says; another database replaces.

        Pulumi asks before it touches that database too, whatever the reason: then the new one's id is not known yet.
        """
        from pulumi_d1.program.actions import preview
        from pulumi_d1.protection import guard as safeguard

        new = changed(_olds, _news)
        replaces = [name for name in new if name in IDENTITY]
        with message_only():
            if replaces:
                safeguard.refuse_replacement(_olds, lambda: self._database(_olds))
                return DiffResult(changes=True, replaces=replaces)
            seen = preview.of_live(lambda: self._database(_news), _news, _olds)
            preview.show(seen, _news)
        drifted = list(seen.plan.applied) != _olds.get("applied")
        return DiffResult(changes=bool(new or seen.plan.pending or drifted))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Brings the database up to date."""
        return CreateResult(props["database_id"], self._apply(props, {}))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Brings the database up to date: the same function, since the ledger decides what is pending."""
        return UpdateResult(self._apply(_news, _olds))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Reads the ledger again, and says what drifted; a database that is gone drops the resource from the state."""
        from pulumi_d1.migrations import live
        from pulumi_d1.program.actions import preview

        with message_only():
            try:
                now = live.read(self._database(props), props["migrations_table"])
            except NotFound:
                return ReadResult("", {})
            preview.show_drift(now, props)
            return ReadResult(id_, {**props, **of_ledger(now.ledger)})

    def _of_new(self, props: Mapping[str, Any]) -> Review:
        from pulumi_d1.program.actions import preview
        from pulumi_d1.program.actions.copy_source import source_of

        source = source_of(props)
        return preview.of_new(props, source.connect(self._token) if source else None)

    def _awaits_copy(self, props: Mapping[str, Any]) -> bool:
        """Whether the database is there, and empty, because an earlier run did not come to copy into it."""
        from pulumi_d1.migrations import live
        from pulumi_d1.program.actions.copy_source import SOURCE

        return bool(props.get(SOURCE)) and not live.read(self._database(props), props["migrations_table"]).objects

    def _apply(self, props: Mapping[str, Any], previous: Mapping[str, Any]) -> dict[str, Any]:
        from pulumi_d1.program.actions.apply import apply

        with message_only():
            return apply(self._database(props), props, previous)


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
        digests = {file.name: file.sha256 for file in files}
        computed = dict.fromkeys(OUTPUTS)
        super().__init__(D1MigrationsProvider(), name, {**inputs, "migrations": digests, **computed}, opts)
