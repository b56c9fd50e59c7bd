"""A run against an emulator in this process, or against a server with scripted answers."""

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
    """Apply files without a rehearsal, so that broken files reach the server.

    Args:
        database: The database.
        files: The folder.
        target: The database's names, for messages.
        known: The names in the ledger as the run sees it; None to read them.
        recorded: The digests of applied files.
        options: Further arguments of `apply`.
    """
    names = read_ledger(database, target.table) if known is None else known
    reviewed = review_without_rehearsal(files, names, recorded, "the test leaves it out")
    return apply(database, reviewed, target, **options)


@dataclass
class Waiting:
    """A replacement for real waiting.

    Attributes:
        seconds: The length of each wait.
        messages: The messages that were logged meanwhile.
    """

    messages: list[str]
    seconds: list[float] = field(default_factory=list)

    @property
    def retry(self) -> Retry:
        return Retry(self.seconds.append, lambda: 1.0)


def arrange(database: D1Api, **behaviour: Any) -> None:
    """Set the emulator's faults and limits."""
    faults.arrange(database.client, **behaviour)


@dataclass
class ScriptedCloudflare:
    """A stand-in for Cloudflare, for failures that the emulator cannot produce.

    Attributes:
        answers: The status, headers and body of each answer, in order; None drops the connection.
        requests: The method, path and body of each request so far.
        base_url: The server's address, set by the fixture.
    """

    answers: list[tuple[int, dict[str, str], str] | None] = field(default_factory=list)
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    base_url: str = ""

    def answer(self, status: int, body: Any, **headers: str) -> None:
        """Add an answer. A body that is not a text becomes JSON."""
        text = body if isinstance(body, str) else json.dumps(body)
        self.answers.append((status, headers, text))

    def rows(self, *rows: dict[str, Any]) -> None:
        """Add the answer to a query that returns `rows`."""
        item = {"results": list(rows), "success": True, "meta": {}}
        self.answer(200, {"result": [item], "success": True, "errors": [], "messages": []})

    def error(self, status: int, code: int, message: str, **headers: str) -> None:
        """Add an error in Cloudflare's envelope."""
        errors = [{"code": code, "message": message}]
        self.answer(status, {"result": [], "success": False, "errors": errors, "messages": []}, **headers)

    def ledger(self, *names: str) -> None:
        """Add the answer to a read of the ledger."""
        self.rows(*({"id": number, "name": name} for number, name in enumerate(names, 1)))

    def no_ledger(self) -> None:
        """Add the answers to a read of a ledger that does not exist."""
        self.error(400, 7500, "no such table: d1_migrations: SQLITE_ERROR")
        self.rows()

    def verified(self, *names: str) -> None:
        """Add the answer to the read of schema and ledger at the end of a run."""
        table = {"type": "table", "name": TARGET.table, "tbl_name": TARGET.table}
        ledger = ({"type": None, "name": name} for name in names)
        self.rows({**table, "sql": create(TARGET.table)}, *ledger)

    def bookmark(self, bookmark: str) -> None:
        """Add the answer to a request for the bookmark."""
        self.answer(200, {"result": {"bookmark": bookmark}, "success": True, "errors": [], "messages": []})

    def outage(self) -> None:
        """Add an error for each attempt of a read."""
        for _ in range(ATTEMPTS):
            self.error(500, 7500, "still down")

    def drop(self) -> None:
        """Add a connection that ends without an answer."""
        self.answers.append(None)
