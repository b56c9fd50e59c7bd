"""Review a run before it writes: plan, rehearsal, lint and drift. Only reads from Cloudflare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from pulumi_d1.errors import ConfigError, PlanRefused, SqlError
from pulumi_d1.migrations import live
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.importing import refused_imports
from pulumi_d1.migrations.ledger import unfinished_imports
from pulumi_d1.migrations.plan import Problem, Severity, make_plan, severity_of
from pulumi_d1.migrations.quarantine import NONE
from pulumi_d1.migrations.review import rehearsal
from pulumi_d1.migrations.review.counts import CountQuery, count_sql, needed_counts, read_counts
from pulumi_d1.migrations.review.lint import check
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.difference import difference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.live import LiveDatabase
    from pulumi_d1.migrations.plan import FolderProblem, HashedFile, MigrationPlan
    from pulumi_d1.migrations.quarantine import Quarantine
    from pulumi_d1.migrations.review.lint.finding import Finding
    from pulumi_d1.migrations.review.rehearsal import Rehearsal
    from pulumi_d1.sqlite.difference import SchemaChange
    from pulumi_d1.sqlite.schema import Schema

RowCounter: TypeAlias = Callable[[Sequence[CountQuery]], Mapping[CountQuery, int] | None]
"""Counts live rows in at most one request. Returns None if there is no database to read."""


@dataclass(frozen=True, slots=True)
class Review:
    """The review of a run.

    Attributes:
        rehearsal: The rehearsal of the pending files; None if there is none.
        obstacle: Why there is no rehearsal; empty if there is one.
        changes: The schema changes that the pending files make.
        findings: The findings of lint, including those that a file waives.
        drift: The changes from the schema of the applied files to the live one.
    """

    plan: MigrationPlan[Any]
    rehearsal: Rehearsal | None
    obstacle: str
    changes: tuple[SchemaChange, ...]
    findings: tuple[Finding, ...]
    drift: tuple[SchemaChange, ...]

    def errors(self, policy: Mapping[Problem, Severity]) -> tuple[tuple[FolderProblem, ...], tuple[Finding, ...]]:
        """Return the problems of the folder and the findings that stop the run."""
        errors_stop = severity_of(Problem.DANGEROUS, policy) is Severity.ERROR
        return self.plan.of(Severity.ERROR, policy), check.stopping_findings(self.findings, errors_stop)

    def warnings(self, policy: Mapping[Problem, Severity]) -> tuple[tuple[FolderProblem, ...], tuple[Finding, ...]]:
        """Return those that do not stop it, except findings that the files waive or the policy ignores."""
        _, stopping = self.errors(policy)
        ignored = severity_of(Problem.DANGEROUS, policy) is Severity.IGNORE
        shown = tuple(
            finding
            for finding in self.findings
            if finding not in stopping and not finding.waiver and (finding.severity is Severity.WARNING or not ignored)
        )
        return self.plan.of(Severity.WARNING, policy), shown


def review_database(
    database: Database,
    files: Sequence[Migration],
    table: str,
    recorded: Mapping[str, str],
    quarantine: Quarantine = NONE,
) -> Review:
    """Read a database and review its pending files. Sends two requests, or three if there is no ledger.

    Args:
        files: The folder's files, in order.
        recorded: Checksums of applied files, as for `make_plan`.
        quarantine: Texts that must not be applied.

    Raises:
        ApiError: The database cannot be read.
    """
    current = live.read_database(database, table)
    return review_files(files, current, table, recorded, row_counter(database), quarantine=quarantine)


def review_files(  # noqa: PLR0913 - a review depends on all of these
    files: Sequence[Migration],
    current: LiveDatabase,
    table: str,
    recorded: Mapping[str, str],
    count_rows: RowCounter,
    *,
    quarantine: Quarantine = NONE,
) -> Review:
    """Review the pending files on a schema and ledger that were read before.

    Args:
        files: The folder's files, in order.
        recorded: Checksums of applied files, as for `make_plan`.
        quarantine: Texts that must not be applied.
    """
    return add_findings(review_without_rows(files, current, table, recorded, quarantine), table, count_rows)


def review_without_rows(
    files: Sequence[Migration],
    current: LiveDatabase,
    table: str,
    recorded: Mapping[str, str],
    quarantine: Quarantine = NONE,
) -> Review:
    """Return a review without findings: it is the same for every database with this ledger and schema.

    Args:
        files: The folder's files, in order.
        recorded: Checksums of applied files, as for `make_plan`.
        quarantine: Texts that must not be applied.
    """
    plan = make_plan(files, current.ledger, recorded, quarantine)
    try:
        rehearsed = rehearsal.rehearse(current.objects, plan.pending, table)
    except SqlError as error:
        return Review(plan, None, str(error), (), (), ())
    drifted = _drift(files, current.ledger, rehearsed.before, table)
    return Review(plan, rehearsed, "", difference(rehearsed.before, rehearsed.after), (), drifted)


def add_findings(review: Review, table: str, count_rows: RowCounter) -> Review:
    """Return the review with the findings of lint. Without a rehearsal there are none."""
    if review.rehearsal is None:
        return review
    counts = count_rows(needed_counts(review.rehearsal))
    return replace(review, findings=check.lint(review.rehearsal, table, counts))


def row_counter(database: Database) -> Callable[[Sequence[CountQuery]], Mapping[CountQuery, int]]:
    """Return a function that counts rows of the database in one request, or in none if there is nothing to count."""
    return lambda queries: read_counts(queries, database.read(count_sql(queries))) if queries else {}


def review_without_rehearsal(
    files: Sequence[HashedFile],
    ledger: Sequence[str],
    recorded: Mapping[str, str],
    obstacle: str,
    quarantine: Quarantine = NONE,
) -> Review:
    """Return a review with nothing but the plan, for a database or files that cannot be read.

    Args:
        files: The folder's files, in order.
        ledger: Names of the applied files, as far as they are known.
        recorded: Checksums of applied files, as for `make_plan`.
        quarantine: Texts that must not be applied.
    """
    return Review(make_plan(files, ledger, recorded, quarantine), None, obstacle, (), (), ())


def drift(files: Iterable[Migration], current: LiveDatabase, table: str) -> tuple[SchemaChange, ...]:
    """Return the changes from the schema of the applied files to the live one.

    Raises:
        SqlError: The live schema cannot be created in the local SQLite.
    """
    return _drift(files, current.ledger, schema.read(schema.build(current.objects)).without(table), table)


def drift_or_reason(
    read_files: Callable[[], Iterable[Migration]], current: LiveDatabase, table: str
) -> tuple[tuple[SchemaChange, ...], str]:
    """Return the drift and an empty text, or no drift and the reason if it cannot be determined."""
    try:
        return drift(read_files(), current, table), ""
    except (ConfigError, SqlError) as error:
        return (), f"drift cannot be determined: {error}"


def _drift(
    files: Iterable[Migration], applied: Iterable[str], live_schema: Schema, table: str
) -> tuple[SchemaChange, ...]:
    by_name = {file.name: file for file in files}
    applied_files = (by_name[name] for name in applied if name in by_name)
    return difference(rehearsal.schema_of_files(applied_files, table), live_schema)


def raise_on_errors(review: Review, folder: str, policy: Mapping[Problem, Severity]) -> None:
    """Stop a run that must not start.

    Args:
        folder: The migrations folder, as the user wrote it.
        policy: Severities of problems. DEFAULT_POLICY has those that it does not name.

    Raises:
        PlanRefused: There are errors, with a line for each, or an import has not ended.
    """
    if unfinished := unfinished_imports(review.plan.applied):
        names = ", ".join(unfinished)
        raise PlanRefused(
            f"nothing was applied: the import of {folder}/{names} has begun and not ended. It is still running, or it "
            "died and a part of the file is in the database. Run the command again in a minute. If it reports this "
            "again, restore the database to a moment before the import: its row in the ledger has the time"
        )
    files = [file for file in review.plan.pending if isinstance(file, Migration)]
    if lines := (*format_findings(*review.errors(policy), folder), *refused_imports(files, folder)):
        raise PlanRefused("nothing was applied:\n" + "\n".join(f"  {line}" for line in lines))


def format_findings(problems: Iterable[FolderProblem], findings: Iterable[Finding], folder: str) -> tuple[str, ...]:
    """Return one line for each problem of the folder and two for each finding: what is wrong, and what to do."""
    lines = [problem.in_folder(folder) for problem in problems]
    for finding in findings:
        lines += (
            finding.in_folder(folder),
            f"  instead: {finding.rule.instead} ({finding.rule.documentation})",
        )
    return tuple(lines)
