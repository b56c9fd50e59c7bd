"""A run against an emulator in this process, or against a server that answers what a test tells it to."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pulumi_d1.cloudflare.retry import ATTEMPTS, Retry
from pulumi_d1.migrations.ledger import create
from pulumi_d1.migrations.live import read_ledger
from pulumi_d1.migrations.review.review import review_without_rehearsal
from pulumi_d1.migrations.run.progress import RunTarget
from pulumi_d1.migrations.run.runner import RunReport, apply
from tests.support import faults

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.cloudflare.database import D1Api, Database
    from pulumi_d1.migrations.folder import Migration

TARGET = RunTarget("shop-db-dev", "migrations", "d1_migrations")


def apply_files(
    database: Database,
    files: Sequence[Migration],
    target: RunTarget = TARGET,
    *,
    known: Sequence[str] | None = None,
    recorded: Mapping[str, str] = MappingProxyType({}),
    **options: Any,
) -> RunReport:
    """Applies files without a rehearsal, so that what is broken meets the server; `known` is the ledger as it was."""
    names = read_ledger(database, target.table) if known is None else known
    reviewed = review_without_rehearsal(files, names, recorded, "the test leaves it out")
    return apply(database, reviewed, target, **options)


@dataclass
class Waiting:
    """Takes the place of waiting.

    Attributes:
        seconds: each wait that was asked for.
        messages: Each message that was logged meanwhile.
    """

    messages: list[str]
    seconds: list[float] = field(default_factory=list)

    @property
    def retry(self) -> Retry:
        return Retry(self.seconds.append, lambda: 1.0)


def arrange(database: D1Api, **behaviour: Any) -> None:
    """Sets what the emulator does on purpose."""
    faults.arrange(database.client, **behaviour)


@dataclass
class ScriptedCloudflare:
    """Stands in for Cloudflare where the real service, and the emulator, can't be made to fail as the test needs.

    Attributes:
        answers: what it answers, in order: status, headers and body; None drops the connection.
        requests: method, path and body of each request that it got.
        base_url: its address; set by the fixture.
    """

    answers: list[tuple[int, dict[str, str], str] | None] = field(default_factory=list)
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    base_url: str = ""

    def answer(self, status: int, body: Any, **headers: str) -> None:
        """Adds an answer; a body that is no text becomes JSON."""
        text = body if isinstance(body, str) else json.dumps(body)
        self.answers.append((status, headers, text))

    def rows(self, *rows: dict[str, Any]) -> None:
        """Adds the answer to a query that gives `rows`."""
        item = {"results": list(rows), "success": True, "meta": {}}
        self.answer(200, {"result": [item], "success": True, "errors": [], "messages": []})

    def error(self, status: int, code: int, message: str, **headers: str) -> None:
        """Adds an error in the service's envelope."""
        errors = [{"code": code, "message": message}]
        self.answer(status, {"result": [], "success": False, "errors": errors, "messages": []}, **headers)

    def ledger(self, *names: str) -> None:
        """Adds the answer to a reading of the ledger."""
        self.rows(*({"id": number, "name": name} for number, name in enumerate(names, 1)))

    def no_ledger(self) -> None:
        """Adds the answers to a reading of a ledger that is not there."""
        self.error(400, 7500, "no such table: d1_migrations: SQLITE_ERROR")
        self.rows()

    def verified(self, *names: str) -> None:
        """Adds the answers to the reading of schema and ledger at the end of a run."""
        table = {"type": "table", "name": TARGET.table, "tbl_name": TARGET.table}
        ledger = ({"type": None, "name": name} for name in names)
        self.rows({**table, "sql": create(TARGET.table)}, *ledger)

    def bookmark(self, bookmark: str) -> None:
        """Adds the answer to the question for a bookmark."""
        self.answer(200, {"result": {"bookmark": bookmark}, "success": True, "errors": [], "messages": []})

    def outage(self) -> None:
        """Adds an error as often as a read asks."""
        for _ in range(ATTEMPTS):
            self.error(500, 7500, "still down")

    def drop(self) -> None:
        """Adds a connection that ends without an answer."""
        self.answers.append(None)
