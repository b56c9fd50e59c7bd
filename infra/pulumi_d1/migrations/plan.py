"""What a run would apply, and what looks wrong about the folder. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from pulumi_d1.migrations.folder import order
from pulumi_d1.migrations.quarantine import NONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.migrations.quarantine import Quarantine


class Problem(StrEnum):
    """What can stop a run. wrangler sees none of these."""

    EDITED = "edited"
    """An applied file has another text than when it was applied: its change never reaches the database."""

    MISSING = "missing"
    """The ledger names a file that the folder does not have: a new database would be another one."""

    OUT_OF_ORDER = "out of order"
    """A pending file sorts before one that is applied: a new database would run them the other way round."""

    RENAMED = "renamed"
    """A pending file has the text of an applied one that is gone: it would run a second time."""

    DUPLICATE_NUMBER = "duplicate number"
    """Two files, one of them pending, have the same number: their names decide which runs first."""

    QUARANTINED = "quarantined"
    """A pending file has a text that a restore took back: applied again, it would do the same harm."""

    DANGEROUS = "dangerous"
    """Lint calls a statement of a pending file an error. The plan does not look into files."""


class Severity(StrEnum):
    """What a problem does to a run."""

    ERROR = "error"
    WARNING = "warning"
    IGNORE = "ignore"


DEFAULT_POLICY: Mapping[Problem, Severity] = MappingProxyType(
    {
        Problem.EDITED: Severity.WARNING,
        Problem.MISSING: Severity.WARNING,
        Problem.OUT_OF_ORDER: Severity.WARNING,
        Problem.RENAMED: Severity.ERROR,
        Problem.DUPLICATE_NUMBER: Severity.WARNING,
        Problem.QUARANTINED: Severity.ERROR,
        Problem.DANGEROUS: Severity.WARNING,
    }
)


def severity_of(problem: Problem, policy: Mapping[Problem, Severity]) -> Severity:
    """What `policy` makes of a problem; where it does not name it, what DEFAULT_POLICY does."""
    return policy.get(problem, DEFAULT_POLICY[problem])


def policy_from(severities: Mapping[str, str]) -> dict[Problem, Severity]:
    """A policy from the names of problems and severities, as a stack's settings and the state have them."""
    return {Problem(problem): Severity(severity) for problem, severity in severities.items()}


@dataclass(frozen=True, slots=True)
class FolderProblem:
    """One problem.

    Attributes:
        problem: which.
        name: the file that has it.
        message: what is wrong and what to do, without the name.
    """

    problem: Problem
    name: str
    message: str

    def in_folder(self, folder: str) -> str:
        """One line that starts with the file's path."""
        return f"{folder}/{self.name} {self.message}"


class File(Protocol):
    """What a plan needs to know of a migration."""

    @property
    def name(self) -> str:
        """As it stands in the ledger."""

    @property
    def sha256(self) -> str:
        """Hex digest of its text."""


F = TypeVar("F", bound=File)


@dataclass(frozen=True, slots=True)
class Plan(Generic[F]):
    """The folder held against the ledger.

    Attributes:
        pending: migrations to run, in order.
        applied: names in the ledger, in the order in which they were applied; a name may have no file any more.
        problems: what looks wrong, in the order of the files.
    """

    pending: tuple[F, ...]
    applied: tuple[str, ...]
    problems: tuple[FolderProblem, ...]

    def of(self, severity: Severity, policy: Mapping[Problem, Severity]) -> tuple[FolderProblem, ...]:
        """The problems that `policy` gives this severity; what it does not name has DEFAULT_POLICY's."""
        return tuple(problem for problem in self.problems if severity_of(problem.problem, policy) is severity)


def make_plan(
    migrations: Sequence[F], applied: Sequence[str], recorded: Mapping[str, str], quarantine: Quarantine = NONE
) -> Plan[F]:
    """As wrangler decides: a file is pending when its name is not in the ledger.

    Args:
        migrations: the folder, in order.
        applied: names in the ledger, oldest first.
        recorded: hex SHA-256 by name, of the files as they were when they were applied; others may be absent.
        quarantine: texts that must not be applied.
    """
    known = set(applied)
    pending = tuple(migration for migration in migrations if migration.name not in known)
    problems = (
        *_edited(migrations, known, recorded),
        *_gone(migrations, pending, applied, recorded),
        *_out_of_order(pending, applied),
        *_duplicate_numbers(migrations, pending),
        *_quarantined(pending, quarantine),
    )
    return Plan(pending, tuple(applied), tuple(sorted(problems, key=lambda problem: order(problem.name))))


def _edited(migrations: Sequence[File], known: set[str], recorded: Mapping[str, str]) -> list[FolderProblem]:
    message = "was changed after it was applied, which the database never sees: undo the change, and write a new file"
    return [
        FolderProblem(Problem.EDITED, migration.name, message)
        for migration in migrations
        if migration.name in known and recorded.get(migration.name, migration.sha256) != migration.sha256
    ]


def _gone(
    migrations: Sequence[File], pending: Sequence[File], applied: Sequence[str], recorded: Mapping[str, str]
) -> list[FolderProblem]:
    """A file that is gone is renamed when a pending one has its text, and missing otherwise."""
    names = {migration.name for migration in migrations}
    gone = [name for name in applied if name not in names]
    by_digest = {migration.sha256: migration.name for migration in reversed(pending)} if gone else {}
    problems = []
    for name in gone:
        if new := by_digest.get(recorded.get(name, "")):
            message = f"is {name}, which is applied, under another name, and would run again: rename it back"
            problems.append(FolderProblem(Problem.RENAMED, new, message))
        else:
            message = (
                "is applied, but its file is gone: bring it back, so that a new database can be made from the files"
            )
            problems.append(FolderProblem(Problem.MISSING, name, message))
    return problems


def _out_of_order(pending: Sequence[File], applied: Sequence[str]) -> list[FolderProblem]:
    last = max(applied, key=order, default=None)
    if last is None:
        return []
    message = f"comes before {last}, which is applied already: give it a higher number"
    return [FolderProblem(Problem.OUT_OF_ORDER, m.name, message) for m in pending if order(m.name) < order(last)]


def _duplicate_numbers(migrations: Sequence[File], pending: Sequence[File]) -> list[FolderProblem]:
    by_number: defaultdict[object, list[str]] = defaultdict(list)
    for migration in migrations:
        # What has no number counts as itself, so that files of one numbered folder have no number in common.
        numbers = tuple(text if unnumbered else number for unnumbered, number, text in order(migration.name))
        by_number[numbers].append(migration.name)
    new = {migration.name for migration in pending}
    return [
        FolderProblem(Problem.DUPLICATE_NUMBER, name, f"has the number of {first}: give one of them another")
        for first, *others in by_number.values()
        for name in others
        if new & {first, name}
    ]


def _quarantined(pending: Sequence[File], quarantine: Quarantine) -> list[FolderProblem]:
    problems = []
    for migration in pending if quarantine.files else ():
        if held := quarantine.holding(migration.sha256):
            what = "" if held.name == migration.name else f"has the text of {held.name}, which "
            message = (
                f"{what}was restored away on this stack and is quarantined: change its text, or release it: "
                f"d1 release {held.name} --stack {quarantine.stack}"
            )
            problems.append(FolderProblem(Problem.QUARANTINED, migration.name, message))
    return problems
