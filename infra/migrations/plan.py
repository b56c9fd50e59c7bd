"""What a run would apply. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.migrations.folder import Migration


@dataclass(frozen=True, slots=True)
class Plan:
    """The folder held against the ledger.

    Attributes:
        pending: migrations to run, in order.
        applied: names in the ledger, in the order in which they were applied; a name may have no file any more.
    """

    pending: tuple[Migration, ...]
    applied: tuple[str, ...]


def make_plan(migrations: Sequence[Migration], applied: Sequence[str]) -> Plan:
    """As wrangler decides: a file is pending when its name is not in the ledger.

    Args:
        migrations: the folder, in order.
        applied: names in the ledger, oldest first.
    """
    known = set(applied)
    return Plan(tuple(m for m in migrations if m.name not in known), tuple(applied))
