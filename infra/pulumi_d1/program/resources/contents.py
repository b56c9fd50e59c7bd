"""The contents of the database, as a Pulumi resource: its deletion exports them, and deletes the database.

Pulumi deletes it last, and itself retains the database. So a deletion that Cloudflare refuses leaves this resource in
the state, and the next one checks and exports the database again (ADR 14).

`pulumi_d1.program.resources.contents.D1ContentsProvider` is a stored format, as in `migrations`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import pulumi  # noqa: TC002 - Pulumi resolves the annotations of a resource when it runs
from pulumi.dynamic import CreateResult, DiffResult, Resource, UpdateResult

from pulumi_d1.program.actions.inputs import IDENTITY, database_inputs
from pulumi_d1.program.pulumi_sdk import message_only
from pulumi_d1.program.resources.provider import DatabaseProvider

if TYPE_CHECKING:
    from collections.abc import Mapping

_INPUTS: Final = (*IDENTITY, "database_name", "migrations_table", "deletion")

logger = logging.getLogger(__name__)

_created: set[str] = set()
"""Ids of databases whose contents this run has registered: `--replace` then deletes the old resource, not the rows."""


class D1ContentsProvider(DatabaseProvider):
    """Delete the database when the resource is deleted. Otherwise, only keep what that needs."""

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the inputs; another database replaces the resource."""
        changed = [name for name in _INPUTS if _olds.get(name) != _news.get(name)]
        return DiffResult(changes=bool(changed), replaces=[name for name in changed if name in IDENTITY])

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Store what a deletion needs."""
        _created.add(props["database_id"])
        return CreateResult(props["database_id"], dict(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Store what a deletion needs."""
        return UpdateResult(dict(_news))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Check and export the database, and delete it."""
        from pulumi_d1.cloudflare.account import connect_account
        from pulumi_d1.protection.guard import delete_database

        with message_only():
            database = database_inputs(_props)
            if database.pending_deletion and database.id not in _created:
                delete_database(database.pending_deletion, connect_account(database.account_id, token=self._token))
                logger.info(
                    f"deleted the database {database.name} ({database.id}). Pulumi itself retains it, so '[retain]' "
                    "follows its line"
                )


class D1Contents(Resource, module="d1", name="Contents"):
    """The contents of one database."""

    database_id: pulumi.Output[str]

    def __init__(
        self, name: str, database: Mapping[str, pulumi.Input[Any]], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Register the resource.

        Args:
            database: The inputs of `database_inputs`.
        """
        super().__init__(D1ContentsProvider(), name, dict(database), opts)
