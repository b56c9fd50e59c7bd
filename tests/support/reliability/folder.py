"""A folder of migrations that changes at random, and the independent model of what it makes of a database."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from pulumi_d1.migrations.folder import Migration

SEED = """
CREATE TABLE log (number INTEGER NOT NULL, edition INTEGER NOT NULL);
CREATE TABLE taken (id INTEGER PRIMARY KEY);
INSERT INTO taken VALUES (1);
"""
"""What every database begins with. No rehearsal sees the row, which is what FORBIDDEN files meet."""


class Way(StrEnum):
    """How a file is sent."""

    SHARED = "in a request with its neighbours"
    ALONE = "alone, for its PRAGMA"
    IMPORT = "as an import, for its trigger"


class Flaw(StrEnum):
    """What is wrong with a file."""

    NONE = ""
    SYNTAX = "it is no SQL, which the rehearsal finds"
    FORBIDDEN = "a row forbids it, which only the database finds"


@dataclass(frozen=True, slots=True)
class File:
    """One file as it is now.

    Attributes:
        number: of the file, from 1.
        way: how it is sent.
        edition: counted from 1; each edit makes another.
        flaw: what is wrong with it.
    """

    number: int
    way: Way
    edition: int = 1
    flaw: Flaw = Flaw.NONE

    @property
    def name(self) -> str:
        return f"{self.number:04}_file.sql"

    @property
    def migration(self) -> Migration:
        lines = [
            f"CREATE TABLE made_{self.number} (id INTEGER PRIMARY KEY);",
            f"INSERT INTO log VALUES ({self.number}, {self.edition});",
        ]
        if self.way is Way.ALONE:
            lines.insert(0, "PRAGMA defer_foreign_keys = on;")
        if self.way is Way.IMPORT:
            lines.append(f"CREATE TRIGGER trigger_{self.number} AFTER UPDATE ON log BEGIN SELECT 1; END;")
        if self.flaw is Flaw.SYNTAX:
            lines.append("CREATE TABEL oops (id);")
        if self.flaw is Flaw.FORBIDDEN:
            lines.append("INSERT INTO taken VALUES (1);")
        return Migration(self.name, "\n".join(lines))


@dataclass
class Folder:
    """The files.

    Attributes:
        files: in order.
    """

    files: list[File] = field(default_factory=list)

    @property
    def migrations(self) -> list[Migration]:
        return [file.migration for file in self.files]

    def add(self, way: Way) -> None:
        self.files.append(File(len(self.files) + 1, way))

    def now(self, file: File) -> File:
        """The file as it is now."""
        return self.files[file.number - 1]

    def change(self, file: File, flaw: Flaw) -> None:
        """Writes another edition."""
        self.files[file.number - 1] = replace(file, edition=file.edition + 1, flaw=flaw)


@dataclass(frozen=True, slots=True)
class State:
    """A database as it has to be.

    Attributes:
        applied: the files as they were when they were applied, in order.
    """

    applied: tuple[File, ...] = ()

    def pending(self, folder: Folder) -> list[File]:
        names = {file.name for file in self.applied}
        return [file for file in folder.files if file.name not in names]

    def after(self, files: list[File]) -> State:
        return State((*self.applied, *files))

    @property
    def traces(self) -> dict[str, list[str]]:
        """What the ledger, the rows and the schema show."""
        made = [f"made_{file.number}" for file in self.applied]
        triggers = [f"trigger_{file.number}" for file in self.applied if file.way is Way.IMPORT]
        return {
            "ledger": [file.name for file in self.applied],
            "log": [f"{file.number}.{file.edition}" for file in self.applied],
            "schema": sorted(made + triggers),
        }


def runnable(files: list[File], *flaws: Flaw) -> list[File]:
    """The files before the first that has one of the flaws."""
    first = next((index for index, file in enumerate(files) if file.flaw in flaws), len(files))
    return files[:first]
