"""The database that a new one becomes a copy of, as the inputs of resources name it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pulumi

from pulumi_d1.errors import PlanRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_d1.cloudflare.database import D1Api

SOURCE: Final = "copied_from"
"""Input that holds a Source, or that nothing is copied. No change where it differs: a copy is made once."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a stack's outputs say of its database.

    Attributes:
        stack: name of the stack.
        account_id: Cloudflare account.
        database_id: UUID of the database.
        database_name: name of it.
        migrations_table: name of its ledger.
    """

    stack: str
    account_id: str
    database_id: str
    database_name: str
    migrations_table: str

    def connect(self, token: str | None) -> D1Api:
        """The database.

        Raises:
            ConfigError: there is no token.
        """
        from pulumi_d1.cloudflare.database import connect
        from pulumi_d1.cloudflare.retry import Retry
        from pulumi_d1.program.actions.preview import say

        return connect(self.account_id, self.database_id, token=token, retry=Retry(say))


def inputs_of(name: str, stack: str, opts: pulumi.ResourceOptions) -> pulumi.Output[dict[str, Any]]:
    """The input that names the database of another stack of this project.

    Args:
        name: of the resource that stands for the reference.
        stack: as the key `copyFrom` has it.
        opts: of that resource.
    """
    full = stack if "/" in stack else f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}"
    outputs = pulumi.StackReference(name, full, opts=opts).outputs
    names = ("account_id", "database_id", "database_name", "migrations_table")
    return outputs.apply(lambda found: {"stack": stack, **{name: str((found or {}).get(name, "")) for name in names}})


def source_of(props: Mapping[str, Any]) -> Source | None:
    """The database to copy; None where nothing is to be copied.

    Raises:
        PlanRefused: the stack has no database, or keeps its ledger in another table.
    """
    if not (named := props.get(SOURCE)):
        return None
    source = Source(**{name: named[name] for name in Source.__slots__})
    if not source.database_id:
        raise PlanRefused(
            f"copyFrom is {source.stack}, but that stack has no database yet: "
            f"run 'pulumi up --stack {source.stack}' first"
        )
    if source.migrations_table != props["migrations_table"]:
        raise PlanRefused(
            f"the ledger of {source.database_name} is {source.migrations_table}, and here migrationsTable is "
            f"{props['migrations_table']}: the ledger comes along with a copy, so set it to the same name"
        )
    return source
