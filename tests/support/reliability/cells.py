"""A cell of the fault tables: one folder of migrations, and the write of its run that a fault hits."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.ledger import DEFAULT_TABLE
from pulumi_d1.migrations.run.request import make_request

Rule = dict[str, Any]

FILES_IN_A_GROUP = 3
REQUESTS = 3
BATCHES = 3
"""Requests of a file in batches; the fault hits the second."""

ROWS_IN_BATCHES = 5


class Kind(StrEnum):
    """The kind of the request that the fault hits."""

    SINGLE = "one file"
    GROUPED = "three files in one request"
    IMPORT = "an import, one transaction"
    STATEMENTS = "an import, statement by statement"
    BATCHES = "the second of three batches"

    @property
    def is_import(self) -> bool:
        """True for both kinds of import, which differ in the emulator alone."""
        return self in {Kind.IMPORT, Kind.STATEMENTS}


class Place(StrEnum):
    """The position of that request among the run's three writes."""

    FIRST = "first"
    MIDDLE = "middle"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        name: The name of its database, folder and resource. It is part of each file's name, and of no other text.
        kind: The kind of the request that the fault hits.
        place: The position of that request.
    """

    name: str
    kind: Kind
    place: Place

    @property
    def files(self) -> tuple[Migration, ...]:
        """The files of the folder. They take three requests; the one that the fault hits has the cell's kind."""
        return tuple(file for request in self._requests() for file in request)

    @property
    def struck(self) -> tuple[Migration, ...]:
        """The files of the request that the fault hits."""
        return self._requests()[list(Place).index(self.place)]

    @property
    def write(self) -> Rule:
        """The part of a fault rule that selects the request that applies the struck files."""
        if self.kind.is_import:
            return {"endpoint": "import", "contains": f".{self._etag}.sql"}
        if self.kind is Kind.BATCHES:
            return {"endpoint": "query", "contains": f"{self.struck[0].name} (in batches", "nth": 2}
        return {"endpoint": "query", "contains": self.struck[0].name}

    @property
    def attempt(self) -> Rule:
        """The part of a fault rule that selects the first request of each attempt to send the struck files."""
        if self.kind.is_import:
            return {"endpoint": "import", "contains": f'"action": "init", "etag": "{self._etag}"'}
        return {**self.write, "nth": 1}

    @property
    def other_attempts(self) -> int:
        """The number of requests for the struck files that no fault hits."""
        return BATCHES - 1 if self.kind is Kind.BATCHES else 0

    @property
    def rows(self) -> list[str]:
        """The rows of `log` after all files, each of them once."""
        batched = self.struck if self.kind is Kind.BATCHES else ()
        return [
            row
            for file in self.files
            for number in [file.name[:4]]
            for row in ([f"{number}.{n + 1}" for n in range(ROWS_IN_BATCHES)] if file in batched else [number])
        ]

    @property
    def tables(self) -> list[str]:
        """The tables that the files make. One in batches makes none."""
        batched = self.struck if self.kind is Kind.BATCHES else ()
        return [f"made_by_{file.name[:4]}" for file in self.files if file not in batched]

    @property
    def _etag(self) -> str:
        request = make_request(self.struck[0], self.name, DEFAULT_TABLE)
        return hashlib.md5(request.sql.encode(), usedforsecurity=False).hexdigest()

    def _requests(self) -> tuple[tuple[Migration, ...], ...]:
        numbers = iter(range(1, REQUESTS + FILES_IN_A_GROUP))
        kinds = [self.kind if place is self.place else Kind.SINGLE for place in Place]
        return tuple(
            tuple(self._file(next(numbers), kind) for _ in range(FILES_IN_A_GROUP if kind is Kind.GROUPED else 1))
            for kind in kinds
        )

    def _file(self, number: int, kind: Kind) -> Migration:
        """Return a file that could run twice without an error, and whose rows would show that."""
        name = f"{number:04}_{self.name}.sql"
        if kind is Kind.BATCHES:
            numbers = ", ".join(str(n + 1) for n in range(ROWS_IN_BATCHES))
            return Migration(
                name,
                f"-- d1:batch 2\nINSERT INTO log SELECT '{number:04}.' || value FROM json_each('[{numbers}]')\n"
                f"WHERE NOT EXISTS (SELECT 1 FROM log WHERE file = '{number:04}.' || value);\n",
            )
        lines = [
            "CREATE TABLE IF NOT EXISTS log (file TEXT NOT NULL);",
            f"CREATE TABLE IF NOT EXISTS made_by_{number:04} (id INTEGER PRIMARY KEY);",
            f"INSERT INTO log VALUES ('{number:04}');",
        ]
        if kind is Kind.SINGLE:
            lines.insert(0, "PRAGMA defer_foreign_keys = on;")  # sent alone
        if kind.is_import:
            lines.append(f"CREATE TRIGGER t{number} AFTER UPDATE ON log BEGIN SELECT 1; END;")
        return Migration(name, "\n".join(lines) + "\n")
