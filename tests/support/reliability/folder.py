"""A folder of migrations that changes at random, and an independent model of the database."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from pulumi_d1.migrations.folder import Migration

TAKEN = 987_654_321
SEED = f"""
CREATE TABLE log (number INTEGER NOT NULL, edition INTEGER NOT NULL);
CREATE TABLE taken (id INTEGER PRIMARY KEY);
INSERT INTO taken VALUES ({TAKEN});
"""
"""The start of every database. A rehearsal on generated rows lacks the row that makes FORBIDDEN files fail."""


class Way(StrEnum):
    """The way in which a file is sent."""

    SHARED = "in a request with its neighbours"
    ALONE = "alone, for its PRAGMA"
    IMPORT = "as an import, for its trigger"


class Flaw(StrEnum):
    """The flaw of a file."""

    NONE = ""
    SYNTAX = "it is not SQL, which the rehearsal detects"
    FORBIDDEN = "a row makes it fail, which only the database detects"


@dataclass(frozen=True, slots=True)
class RandomFile:
    """One file in its current edition.

    Attributes:
        number: The file's number, from 1.
        way: The way in which it is sent.
        edition: The edition, from 1; each edit makes another.
        flaw: The flaw of this edition.
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
            lines.append(f"INSERT INTO taken VALUES ({TAKEN});")
        return Migration(self.name, "\n".join(lines))


@dataclass
class RandomFolder:
    """The files, in order."""

    files: list[RandomFile] = field(default_factory=list)

    @property
    def migrations(self) -> list[Migration]:
        return [file.migration for file in self.files]

    def add(self, way: Way) -> None:
        self.files.append(RandomFile(len(self.files) + 1, way))

    def now(self, file: RandomFile) -> RandomFile:
        """Return the current edition of a file."""
        return self.files[file.number - 1]

    def change(self, file: RandomFile, flaw: Flaw) -> None:
        """Write another edition."""
        self.files[file.number - 1] = replace(file, edition=file.edition + 1, flaw=flaw)


@dataclass(frozen=True, slots=True)
class Model:
    """The expected database.

    Attributes:
        applied: The files in the editions that were applied, in order.
    """

    applied: tuple[RandomFile, ...] = ()

    def pending(self, folder: RandomFolder) -> list[RandomFile]:
        names = {file.name for file in self.applied}
        return [file for file in folder.files if file.name not in names]

    def after(self, files: list[RandomFile]) -> Model:
        return Model((*self.applied, *files))

    @property
    def traces(self) -> dict[str, list[str]]:
        """The expected content of the ledger, the rows and the schema."""
        made = [f"made_{file.number}" for file in self.applied]
        triggers = [f"trigger_{file.number}" for file in self.applied if file.way is Way.IMPORT]
        return {
            "ledger": [file.name for file in self.applied],
            "log": [f"{file.number}.{file.edition}" for file in self.applied],
            "schema": sorted(made + triggers),
        }


def runnable(files: list[RandomFile], *flaws: Flaw) -> list[RandomFile]:
    """Return the files before the first one with one of the flaws."""
    first = next((index for index, file in enumerate(files) if file.flaw in flaws), len(files))
    return files[:first]
