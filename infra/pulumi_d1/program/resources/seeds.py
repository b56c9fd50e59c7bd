"""The seeds of one database as a Pulumi resource.

`pulumi_d1.program.resources.seeds.D1SeedsProvider` is a stored format, like its siblings.
What ran is in the state alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pulumi  # noqa: TC002 - Pulumi resolves the annotations of a resource when it runs
from pulumi.dynamic import (
    CheckResult,
    CreateResult,
    DiffResult,
    Resource,
    UpdateResult,
)

from pulumi_d1.program.pulumi_sdk import message_only
from pulumi_d1.program.resources.provider import DatabaseProvider
from pulumi_d1.protection.guard import DELETION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.migrations.folder import Migration

OUTPUTS: Final = ("ran",)


class D1SeedsProvider(DatabaseProvider):
    """Runs the seeds that are new, or that have another text than when they ran."""

    def check(self, _olds: dict[str, Any], _news: dict[str, Any]) -> CheckResult:
        """Shows what would run where there is no resource yet: Pulumi asks for no diff then."""
        if not _olds:
            self._show(_news, {})
        return CheckResult(_news, [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Changed when a file is new, changed or gone; another database replaces, and gets all of them."""
        from pulumi_d1.program.actions.seeding import planned

        moved = _olds["database_id"] != _news["database_id"]
        ran = {} if moved else _olds.get("ran") or {}
        changes = moved or bool(planned(_news, ran).lines)
        if changes:
            self._show(_news, ran)
        changes = changes or _olds.get(DELETION) != _news.get(DELETION)
        return DiffResult(changes=changes, replaces=["database_id"] if moved else [])

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Runs every seed."""
        return CreateResult(props["database_id"], self._run(props, {}))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Runs what is new or changed."""
        return UpdateResult(self._run(_news, _olds.get("ran") or {}))

    def _show(self, props: Mapping[str, Any], ran: Mapping[str, str]) -> None:
        from pulumi_d1.program.actions.seeding import show

        with message_only():
            show(lambda: self._database(props), props, ran, self._token)

    def _run(self, props: Mapping[str, Any], ran: Mapping[str, str]) -> dict[str, Any]:
        from pulumi_d1.program.actions.seeding import run

        with message_only():
            return {**props, "ran": run(self._database(props), props, ran)}


class D1Seeds(Resource, module="d1", name="Seeds"):
    """The seeds that ran on one database."""

    ran: pulumi.Output[dict[str, str]]

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
            files: the folder of the seeds.
            inputs: account_id, database_id, database_name, seeds_dir and DELETION; for the preview, what the migrations
                have as migrations_dir, migrations_pattern, migrations_table and SOURCE.
            opts: Pulumi's resource options.
        """
        digests = {file.name: file.sha256 for file in files}
        super().__init__(D1SeedsProvider(), name, {**inputs, "seeds": digests, **dict.fromkeys(OUTPUTS)}, opts)
