"""Find the pending migrations, and the problems of the folder. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

from pulumi_d1.migrations.folder import sort_key
from pulumi_d1.migrations.quarantine import NONE
from pulumi_d1.migrations.squashes import find_swaps, replaced_texts
from pulumi_d1.migrations.stop import NO_STOP

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pulumi_d1.migrations.quarantine import Quarantine
    from pulumi_d1.migrations.squashes import SquashedText
    from pulumi_d1.migrations.stop import Stop


class Problem(StrEnum):
    """A kind of problem that can stop a run. wrangler detects none of them."""

    EDITED = "edited"
    """An applied file was changed later: the change never reaches the database."""

    MISSING = "missing"
    """The ledger names a file that the folder lacks: a new database would differ from this one."""

    OUT_OF_ORDER = "out of order"
    """A pending file sorts before an applied one: a new database would run them in the opposite order."""

    RENAMED = "renamed"
    """A pending file has the text of an applied one that is gone: it would run a second time."""

    DUPLICATE_NUMBER = "duplicate number"
    """Two files, one of them pending, have the same number: the rest of their names decides which runs first."""

    QUARANTINED = "quarantined"
    """A pending file has a text that a restore undid: it would do the same harm again."""

    EMPTY = "empty"
    """A pending file has no statement: it would be recorded as applied, and SQL added later would never run."""

    SQUASHED = "squashed"
    """A squashed file stands for files that are applied in part, still in the folder, or in another squashed file."""

    BREAKING = "breaking"
    """Lint reports that running code does not survive a pending file."""

    DANGEROUS = "dangerous"
    """Lint reports an error in a pending file. The plan itself does not read the statements."""


class Severity(StrEnum):
    """The effect of a problem on a run."""

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
        Problem.EMPTY: Severity.WARNING,
        Problem.SQUASHED: Severity.ERROR,
        Problem.BREAKING: Severity.WARNING,
        Problem.DANGEROUS: Severity.WARNING,
    }
)


def severity_of(problem: Problem, policy: Mapping[Problem, Severity]) -> Severity:
    """Return the severity in `policy`, or the one in DEFAULT_POLICY if `policy` lacks the problem."""
    return policy.get(problem, DEFAULT_POLICY[problem])


@dataclass(frozen=True, slots=True)
class FolderProblem:
    """One problem of one file.

    Attributes:
        message: A sentence that continues the file's name: what is wrong and what to do.
    """

    problem: Problem
    name: str
    message: str

    def in_folder(self, folder: str) -> str:
        """Return the message as one line that starts with the file's path."""
        return f"{folder}/{self.name} {self.message}"


class HashedFile(Protocol):
    """A migration by its name and digest, without its text."""

    @property
    def name(self) -> str:
        """The name in the ledger."""

    @property
    def sha256(self) -> str:
        """The hex digest of the text."""

    @property
    def is_empty(self) -> bool:
        """True if the text is known to have no statement."""

    @property
    def is_contract(self) -> bool:
        """True if the text is known to have the mark of a contract file."""

    @property
    def squashed(self) -> Sequence[SquashedText]:
        """The files that it is known to stand for."""

    @property
    def replaces(self) -> Sequence[str]:
        """The names in the ledger that its own takes the place of, without running a statement."""

    def as_swap(self, replaces: tuple[str, ...], /) -> Self:
        """Return the file as one that only takes the place of these names in the ledger."""


F = TypeVar("F", bound=HashedFile)


@dataclass(frozen=True, slots=True)
class MigrationPlan(Generic[F]):
    """The result of comparing the folder with the ledger.

    Attributes:
        pending: The migrations to run, in order.
        applied: The names in the ledger, oldest first; some may have no file any more.
        problems: The problems, in the order of the files.
        waiting: The names of further files that this run leaves pending, in order.
        stopped_by: Why they wait; empty if there are none.
    """

    pending: tuple[F, ...]
    applied: tuple[str, ...]
    problems: tuple[FolderProblem, ...]
    waiting: tuple[str, ...] = ()
    stopped_by: str = ""

    @property
    def waiting_line(self) -> str:
        """The line about the files that wait; empty if there are none."""
        more = f" and {len(self.waiting) - 1:,} more" if len(self.waiting) > 1 else ""
        return f"{self.waiting[0]}{more}: {self.stopped_by}" if self.waiting else ""

    def of(self, severity: Severity, policy: Mapping[Problem, Severity]) -> tuple[FolderProblem, ...]:
        """Return the problems that have a severity under `policy`; see `severity_of`."""
        return tuple(problem for problem in self.problems if severity_of(problem.problem, policy) is severity)


def make_plan(
    migrations: Sequence[F],
    applied: Sequence[str],
    recorded: Mapping[str, str],
    quarantine: Quarantine = NONE,
    stop: Stop = NO_STOP,
) -> MigrationPlan[F]:
    """Compare the folder with the ledger. As in wrangler, a file is pending if the ledger lacks its name.

    Args:
        migrations: The folder, in order.
        applied: The names in the ledger, oldest first.
        recorded: The hex SHA-256 of each file when it was applied, by name. Files may be absent.
        quarantine: The texts that must not be applied.
        stop: Which pending files wait.
    """
    known = set(applied)
    swaps = find_swaps(migrations, known)
    unapplied = tuple(migration for migration in migrations if migration.name not in known)
    most, reason = stop.find(migrations, known)
    allowed = {migration.name for migration in migrations[:most]}
    pending = tuple(migration for migration in unapplied if migration.name in allowed)
    running = tuple(migration for migration in pending if not any(old.name in known for old in migration.squashed))
    waiting = tuple(migration.name for migration in unapplied if migration.name not in allowed)
    problems = (
        *_edited(migrations, known, recorded),
        *_missing_or_renamed(migrations, unapplied, applied, recorded),
        *_out_of_order(running, applied),
        *_duplicate_numbers(migrations, running),
        *_quarantined(running, quarantine),
        *_empty(running),
        *_squashed(migrations, known, recorded),
    )
    pending = tuple(file.as_swap(swaps[file.name]) if file.name in swaps else file for file in pending)
    ordered = tuple(sorted(problems, key=lambda problem: sort_key(problem.name)))
    return MigrationPlan(pending, tuple(applied), ordered, waiting, reason if waiting else "")


def _edited(migrations: Sequence[HashedFile], known: set[str], recorded: Mapping[str, str]) -> list[FolderProblem]:
    message = "was changed after it was applied, so the database lacks the change: undo it, and add a new file instead"
    return [
        FolderProblem(Problem.EDITED, migration.name, message)
        for migration in migrations
        if migration.name in known and recorded.get(migration.name, migration.sha256) != migration.sha256
    ]


def _missing_or_renamed(
    migrations: Sequence[HashedFile],
    pending: Sequence[HashedFile],
    applied: Sequence[str],
    recorded: Mapping[str, str],
) -> list[FolderProblem]:
    """Report each applied file that is gone: as renamed if a pending one is likely to be it, otherwise as missing."""
    names = {migration.name for migration in migrations}
    names |= {old.name for migration in pending for old in migration.squashed}
    gone = [name for name in applied if name not in names]
    by_digest = {file.sha256: file.name for file in reversed(pending) if not file.is_empty} if gone else {}
    by_letters = {file.name.casefold(): file.name for file in reversed(pending)} if gone else {}
    problems = []
    for name in gone:
        if new := by_digest.get(recorded.get(name, "")):
            message = f"has the text of {name}, which is applied, so it would run a second time: rename it back"
            problems.append(FolderProblem(Problem.RENAMED, new, message))
        elif new := by_letters.get(name.casefold()):
            message = f"is applied as {name}, and the ledger distinguishes case, so it would run again: rename it back"
            problems.append(FolderProblem(Problem.RENAMED, new, message))
        else:
            message = "is applied, but its file is gone: bring it back, or a new database will differ from this one"
            problems.append(FolderProblem(Problem.MISSING, name, message))
    return problems


def _out_of_order(pending: Sequence[HashedFile], applied: Sequence[str]) -> list[FolderProblem]:
    last = max(applied, key=sort_key, default=None)
    if last is None:
        return []
    message = f"sorts before {last}, which is already applied: give it a higher number"
    return [FolderProblem(Problem.OUT_OF_ORDER, m.name, message) for m in pending if sort_key(m.name) < sort_key(last)]


def _duplicate_numbers(migrations: Sequence[HashedFile], pending: Sequence[HashedFile]) -> list[FolderProblem]:
    by_number: defaultdict[object, list[str]] = defaultdict(list)
    for migration in migrations:
        # An unnumbered segment counts as itself, so the files of one numbered folder have no number in common.
        numbers = tuple(text if unnumbered else number for unnumbered, number, text in sort_key(migration.name))
        by_number[numbers].append(migration.name)
    new = {migration.name for migration in pending}
    problems = []
    for names in by_number.values():
        applied = next((name for name in names if name not in new), "")
        if applied:
            message = f"has the same number as {applied}, which is applied: give it a higher number"
        else:
            message = f"has the same number as {names[0]}: renumber one of them"
        others = names if applied else names[1:]
        problems += [FolderProblem(Problem.DUPLICATE_NUMBER, name, message) for name in others if name in new]
    return problems


def _quarantined(pending: Sequence[HashedFile], quarantine: Quarantine) -> list[FolderProblem]:
    problems = []
    for migration in pending if quarantine.files else ():
        digests = (migration.sha256, *(old.digest for old in migration.squashed))
        if entry := next(filter(None, map(quarantine.find, digests)), None):
            start = "" if entry.name == migration.name else f"has the text of {entry.name}, which "
            message = (
                f"{start}was undone by a restore on this stack and is quarantined: change its text, or allow it with "
                f"'d1 release {entry.name} --stack {quarantine.stack}'"
            )
            problems.append(FolderProblem(Problem.QUARANTINED, migration.name, message))
    return problems


def _empty(pending: Sequence[HashedFile]) -> list[FolderProblem]:
    message = (
        "has no statement: it would be recorded as applied, and SQL that is added later would never run. Write its SQL "
        "first, delete the file, or write SELECT 1; into it if it is meant to do nothing"
    )
    return [FolderProblem(Problem.EMPTY, migration.name, message) for migration in pending if migration.is_empty]


def _squashed(
    migrations: Sequence[HashedFile], known: set[str], recorded: Mapping[str, str]
) -> Iterable[FolderProblem]:
    """Report squashed files that can neither run nor take the place of those that they stand for."""
    names = {migration.name for migration in migrations}
    first: dict[str, str] = {}
    for migration in migrations:
        old = migration.squashed
        own = {migration.name, *(file.name for file in old)}
        if taken := [file.name for file in old if first.setdefault(file.name, migration.name) not in own]:
            message = (
                f"stands for {_listed(taken)}, and so does {first[taken[0]]}: delete the one that no stack has, or "
                "bring back the old files from git and squash them once"
            )
            yield FolderProblem(Problem.SQUASHED, migration.name, message)
        if present := [file.name for file in old if file.name in names]:
            message = (
                f"stands for {_listed(present)}, which is still in the folder and would run too: finish with 'd1 "
                f"squash --through {old[-1].name}', or delete what is left"
            )
            yield FolderProblem(Problem.SQUASHED, migration.name, message)
        if migration.name in known:
            continue
        replaced = tuple(replaced_texts(migration, known))
        missing = [file.name for file in replaced if file.name not in known]
        if missing and len(missing) < len(replaced):
            message = (
                f"stands for {len(replaced)} files, but {_listed(missing)} is not applied here: check out the last "
                f"commit that has {missing[0]}, apply the rest with it, and then run this again"
            )
            yield FolderProblem(Problem.SQUASHED, migration.name, message)
        elif not missing:
            message = "stands for another text of {} than was applied here: compare the two in git"
            for file in replaced:
                if not recorded.get(file.name, file.digest).startswith(file.digest):
                    yield FolderProblem(Problem.EDITED, migration.name, message.format(file.name))


def _listed(names: Sequence[str]) -> str:
    return f"{names[0]} and {len(names) - 1:,} more" if len(names) > 1 else names[0]
