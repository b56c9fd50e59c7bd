"""The copy that a new database starts with, as a Pulumi resource.

`pulumi_d1.program.resources.copy.D1CopyProvider` is a stored format, like its siblings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pulumi
from pulumi.dynamic import (
    CheckResult,
    CreateResult,
    DiffResult,
    Resource,
    UpdateResult,
)

from pulumi_d1.program.actions.copy_source import SOURCE, source_of
from pulumi_d1.program.pulumi_sdk import message_only
from pulumi_d1.program.resources.provider import DatabaseProvider

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_d1.copying.reading import Names
    from pulumi_d1.program.actions.copy_source import Source

OUTPUTS: Final = ("tables", "rows", "bookmark")


class D1CopyProvider(DatabaseProvider):
    """Copies once: into an empty database, before its migrations run."""

    def check(self, _olds: dict[str, Any], _news: dict[str, Any]) -> CheckResult:
        """Says what would be copied, and refuses what can't be, before the first create."""
        if not _olds and not isinstance(_news[SOURCE], pulumi.output.Unknown):
            with message_only():
                self._preview(_news)
        return CheckResult(_news, [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """A copy is made once in the life of a database, whatever becomes of its source."""
        moved = _olds["database_id"] != _news["database_id"]
        return DiffResult(changes=moved, replaces=["database_id"] if moved else [])

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Copies, unless an interrupted run has done so."""
        from pulumi_d1.copying.copy import copy
        from pulumi_d1.program.actions.preview import say

        with message_only():
            source = source_of(props)
            assert source  # noqa: S101 - the program makes this resource for one
            made = copy(source.connect(self._token), self._database(props), _names(source, props), say=say)
            if made.bookmark:
                say(f"copied {made.tables} tables with {made.rows:,} rows from {source.database_name}")
        return CreateResult(
            props["database_id"], {**props, "tables": made.tables, "rows": made.rows, "bookmark": made.bookmark}
        )

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Nothing to do: diff asks for no update."""
        return UpdateResult({**_olds})

    def _preview(self, props: Mapping[str, Any]) -> None:
        from pulumi_d1.copying.copy import is_copy, refuse_filled
        from pulumi_d1.copying.reading import counts
        from pulumi_d1.copying.script import inventory
        from pulumi_d1.migrations import live
        from pulumi_d1.program.actions.preview import say

        source = source_of(props)
        assert source  # noqa: S101 - as above
        database, table = source.connect(self._token), props["migrations_table"]
        origin = live.read(database, table)
        if not isinstance(props["database_id"], pulumi.output.Unknown):
            found = live.read(self._database(props), table)
            if is_copy(found, origin):
                return
            refuse_filled(found, _names(source, props))
        what = inventory(origin.objects)
        rows = sum(counts(database, what).values())
        size = f"{len(what.storages)} tables with {rows:,} rows"
        say(f"{props['database_name']} starts as a copy of {source.database_name}: {size}")


class D1Copy(Resource, module="d1", name="Copy"):
    """The copy that a database started with."""

    tables: pulumi.Output[int]
    rows: pulumi.Output[int]
    bookmark: pulumi.Output[str]

    def __init__(
        self, name: str, *, inputs: Mapping[str, pulumi.Input[Any]], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Args: `inputs` are account_id, database_id, database_name, migrations_table and SOURCE."""
        super().__init__(D1CopyProvider(), name, {**inputs, **dict.fromkeys(OUTPUTS)}, opts)


def _names(source: Source, props: Mapping[str, Any]) -> Names:
    from pulumi_d1.copying.reading import Names

    return Names(source.database_name, props["database_name"], props["migrations_table"])
