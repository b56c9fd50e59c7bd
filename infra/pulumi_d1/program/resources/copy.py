"""The copy that a new database starts with, as a Pulumi resource.

`pulumi_d1.program.resources.copy.D1CopyProvider` is a stored format, as in `migrations`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import pulumi
from pulumi.dynamic import (
    CheckResult,
    CreateResult,
    DiffResult,
    Resource,
    UpdateResult,
)

from pulumi_d1.program.actions.inputs import CopySource, database_inputs
from pulumi_d1.program.pulumi_sdk import message_only
from pulumi_d1.program.resources.provider import DatabaseProvider
from pulumi_d1.system.log import reported

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_d1.copying.copy import CopyNames
    from pulumi_d1.program.actions.inputs import DatabaseInputs

logger = logging.getLogger(__name__)

OUTPUTS: Final = ("tables", "rows", "bookmark")


class D1CopyProvider(DatabaseProvider):
    """Copy once: into an empty database, before its migrations run."""

    def check(self, _olds: dict[str, Any], _news: dict[str, Any]) -> CheckResult:
        """Print what would be copied, and refuse what cannot be, before the first create."""
        if not _olds:
            with message_only():
                database = database_inputs(_news)
                if source := database.readable_source():
                    self._preview(database, source)
        return CheckResult(_news, [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the database's id alone: a database is copied once, whatever happens to its source."""
        is_new = _olds["database_id"] != _news["database_id"]
        return DiffResult(changes=is_new, replaces=["database_id"] if is_new else [])

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Copy, unless an interrupted run has done so."""
        from pulumi_d1.copying.copy import copy_database

        with message_only():
            database = database_inputs(props)
            source = database.readable_source()
            assert source  # noqa: S101 - the program registers this resource only with a source
            with reported(f"copying {source.database_name} to {database.name}"):
                copied = copy_database(self._connect(source), self._connect(database), _names(database, source))
            if copied.bookmark:
                logger.info(f"copied {copied.tables} tables with {copied.rows:,} rows from {source.database_name}")
        outputs = {"tables": copied.tables, "rows": copied.rows, "bookmark": copied.bookmark}
        return CreateResult(props["database_id"], {**props, **outputs})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Do nothing: `diff` asks for no update."""
        return UpdateResult(dict(_olds))

    def _preview(self, database: DatabaseInputs, source: CopySource) -> None:
        from pulumi_d1.copying.copy import is_copy, require_empty
        from pulumi_d1.copying.snapshot import count_table_rows
        from pulumi_d1.migrations import live
        from pulumi_d1.tables.plan import plan_copy

        origin = live.read_database(self._connect(source), source.migrations_table)
        if database.id:
            now = live.read_database(self._connect(database), database.migrations_table)
            if is_copy(now, origin):
                return
            require_empty(now, origin, _names(database, source))
        plan = plan_copy(origin.objects)
        rows = sum(count_table_rows(self._connect(source), plan).values())
        size = f"{len(plan.storages)} tables with {rows:,} rows"
        logger.info(f"{database.name} starts as a copy of {source.database_name}: {size}")


class D1Copy(Resource, module="d1", name="Copy"):
    """The copy that a database started with."""

    tables: pulumi.Output[int]
    rows: pulumi.Output[int]
    bookmark: pulumi.Output[str]

    def __init__(
        self, name: str, database: Mapping[str, pulumi.Input[Any]], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Register the resource.

        Args:
            database: The inputs of `database_inputs`, without `deletion`.
        """
        super().__init__(D1CopyProvider(), name, {**database, **dict.fromkeys(OUTPUTS)}, opts)


def copy_source(name: str, stack: str, opts: pulumi.ResourceOptions) -> pulumi.Output[dict[str, Any]]:
    """Return the input that names the database of another stack of this project: the fields of CopySource.

    Args:
        stack: Value of `copyFrom`.
    """
    full = stack if "/" in stack else f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}"
    outputs = pulumi.StackReference(name, full, opts=opts).outputs
    names = [name for name in CopySource.__slots__ if name != "stack"]
    return outputs.apply(lambda values: {"stack": stack, **{name: str((values or {}).get(name, "")) for name in names}})


def _names(database: DatabaseInputs, source: CopySource) -> CopyNames:
    from pulumi_d1.copying.copy import CopyNames

    return CopyNames(source.database_name, database.name, database.migrations_table)
