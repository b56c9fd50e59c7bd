"""A database that changes while it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_d1.cloudflare.database import D1Api

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.cloudflare.database import QueryResult


@dataclass(frozen=True, slots=True)
class Disturbed(D1Api):
    """A database in which each of `scripts` runs once, after a query."""

    scripts: list[str] = field(default_factory=list)

    def query(self, statements: Sequence[str]) -> tuple[QueryResult, ...]:
        results = D1Api.query(self, statements)
        if self.scripts:
            self.write(self.scripts.pop(0))
        return results


def disturbed(source: D1Api, scripts: list[str]) -> Disturbed:
    return Disturbed(source.client, source.account_id, source.database_id, scripts=scripts)
