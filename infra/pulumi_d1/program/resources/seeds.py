"""The seeds of one database as a Pulumi resource. Which seeds ran is in the state alone.

`pulumi_d1.program.resources.seeds.D1SeedsProvider` is a stored format, as in `migrations`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi  # noqa: TC002 - Pulumi resolves the annotations of a resource when it runs
from pulumi.dynamic import (
    CheckResult,
    CreateResult,
    DiffResult,
    Resource,
    UpdateResult,
)

from pulumi_d1.program.actions.inputs import database_inputs, seeds_inputs
from pulumi_d1.program.pulumi_sdk import OUTPUTS_KEPT, message_only
from pulumi_d1.program.resources.provider import DatabaseProvider
from pulumi_d1.seeds.changes import compare_seeds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.program.actions.inputs import SeedsInputs


class D1SeedsProvider(DatabaseProvider):
    """Run the seeds that are new, or whose text changed since they ran."""

    def check(self, _olds: dict[str, Any], _news: dict[str, Any]) -> CheckResult:
        """Print what would run if there is no resource yet: Pulumi calls no `diff` then."""
        if not _olds:
            with message_only():
                self._preview(seeds_inputs(_news), {})
        return CheckResult(_news, [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the files with those that ran; another database replaces, and gets all of them."""
        is_new = _olds["database_id"] != _news["database_id"]
        ran = {} if is_new else _olds["ran"]
        with message_only(OUTPUTS_KEPT):
            inputs = seeds_inputs(_news)
            changes = is_new or bool(compare_seeds(inputs.files.planned, ran).lines)
            if changes:
                self._preview(inputs, ran)
        changes = changes or _olds.get("deletion") != _news.get("deletion")
        return DiffResult(changes=changes, replaces=["database_id"] if is_new else [])

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Run every seed."""
        return CreateResult(props["database_id"], self._run(props, {}))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Run what is new or changed."""
        return UpdateResult(self._run(_news, _olds["ran"], OUTPUTS_KEPT))

    def _preview(self, inputs: SeedsInputs, ran: Mapping[str, str]) -> None:
        from pulumi_d1.program.actions.seeding import preview

        preview(self._connect, inputs, ran)

    def _run(self, props: Mapping[str, Any], ran: Mapping[str, str], note: str = "") -> dict[str, Any]:
        from pulumi_d1.program.actions.seeding import run

        with message_only(note):
            return {**props, "ran": run(self._connect(database_inputs(props)), props, ran)}


class D1Seeds(Resource, module="d1", name="Seeds"):
    """The seeds that ran on one database."""

    ran: pulumi.Output[dict[str, str]]

    def __init__(  # noqa: PLR0913 - its inputs
        self,
        name: str,
        *,
        database: Mapping[str, pulumi.Input[Any]],
        files: Sequence[Migration],
        folder: str,
        migrations_folder: str,
        migrations_pattern: str,
        rehearsal: Mapping[str, Any],
        stop: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the resource. The digest of each file is an input, so that Pulumi's diff names the files.

        Args:
            database: The inputs of `database_inputs`.
            migrations_folder: Value of `migrationsDir`: the preview runs the migrations first.
            migrations_pattern: Value of `migrationsPattern`.
            rehearsal: Options of the rehearsal, as its `as_json` writes them.
            stop: The rule by which migrations wait, as its `as_json` writes it.
        """
        inputs = {
            **database,
            "seeds_dir": folder,
            "seeds": {file.name: file.sha256 for file in files},
            "migrations_dir": migrations_folder,
            "migrations_pattern": migrations_pattern,
            "rehearsal": rehearsal,
            "stop": stop,
        }
        super().__init__(D1SeedsProvider(), name, {**inputs, "ran": None}, opts)
