"""The schema that migrations create in a new database. Sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.errors import PlanRefused
from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations.rehearsal.evidence import collect_evidence
from pulumi_d1.migrations.rehearsal.rows.options import BasisKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.sqlite.schema import Schema


def schema_after(files: Sequence[Migration], folder: str, table: str) -> Schema:
    """Return the schema after the files, without the ledger.

    Args:
        folder: The migrations folder, as the user wrote it.

    Raises:
        PlanRefused: D1 would refuse a file on a new database, or the files take too long.
    """
    rehearsal = collect_evidence((), files, table, database=None, kind=BasisKind.NEW).rehearsal
    if refusal := rehearsal.refusal or rehearsal.over_budget:
        raise PlanRefused(
            f"{folder}/{refusal.name}:{refusal.line}:{refusal.column}: the schema is unknown, because this file cannot "
            f"run on a new database: {escape_line(refusal.message)}"
        )
    return rehearsal.after
