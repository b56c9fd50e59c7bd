"""Review a run before it writes: plan, rehearsal, lint and drift. Only reads from Cloudflare."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pulumi_d1.errors import ConfigError, PlanRefused, SqlError
from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations import live
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.importing import refused_imports
from pulumi_d1.migrations.ledger import unfinished_imports
from pulumi_d1.migrations.plan import FolderProblem, Problem, Severity, make_plan, severity_of
from pulumi_d1.migrations.quarantine import NONE
from pulumi_d1.migrations.rehearsal.evidence import collect_evidence
from pulumi_d1.migrations.rehearsal.rehearse import schema_of_files
from pulumi_d1.migrations.rehearsal.rows.options import DEFAULT_REHEARSAL, BasisKind
from pulumi_d1.migrations.review.lint import check
from pulumi_d1.migrations.review.row_changes import row_changes
from pulumi_d1.migrations.squashes import ledger_after_swaps
from pulumi_d1.migrations.stop import NO_STOP
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.difference import difference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.live import LiveDatabase
    from pulumi_d1.migrations.plan import HashedFile, MigrationPlan
    from pulumi_d1.migrations.quarantine import Quarantine
    from pulumi_d1.migrations.rehearsal.rehearse import Rehearsal
    from pulumi_d1.migrations.rehearsal.rows.options import RehearsalOptions
    from pulumi_d1.migrations.review.lint.finding import Finding
    from pulumi_d1.migrations.review.row_changes import RowChange
    from pulumi_d1.migrations.stop import Stop
    from pulumi_d1.sqlite.difference import SchemaChange
    from pulumi_d1.sqlite.schema import Schema


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

    @property
    def basis(self) -> str:
        """The line about the rows behind the findings; empty if no file was rehearsed."""
        return self.rehearsal.basis.line if self.rehearsal and self.rehearsal.files else ""

    @property
    def row_changes(self) -> tuple[RowChange, ...]:
        """The changes of the rows of each table by the pending files."""
        return row_changes(self.rehearsal)

    @property
    def may_lose_rows(self) -> bool:
        """True if a pending file may lose rows or values, or could not be rehearsed to its end."""
        if not self.plan.pending:
            return False
        is_complete = self.rehearsal is not None and self.rehearsal.over_budget is None
        return not is_complete or check.reports_loss(self.findings)

    def errors(self, policy: Mapping[Problem, Severity]) -> tuple[tuple[FolderProblem, ...], tuple[Finding, ...]]:
        """Return the problems of the folder and the findings that stop the run."""
        return self.plan.of(Severity.ERROR, policy), check.stopping_findings(self.findings, policy)

    def warnings(self, policy: Mapping[Problem, Severity]) -> tuple[tuple[FolderProblem, ...], tuple[Finding, ...]]:
        """Return those that do not stop it, except findings that the files waive or the policy ignores."""
        _, stopping = self.errors(policy)
        shown = tuple(
            finding
            for finding in self.findings
            if finding not in stopping
            and not finding.waiver
            and (
                finding.severity is Severity.WARNING or severity_of(finding.rule.problem, policy) is not Severity.IGNORE
            )
        )
        return self.plan.of(Severity.WARNING, policy), shown


def review_database(  # noqa: PLR0913 - a review depends on all of these
    database: Database,
    files: Sequence[Migration],
    table: str,
    recorded: Mapping[str, str],
    quarantine: Quarantine = NONE,
    *,
    stop: Stop = NO_STOP,
    options: RehearsalOptions = DEFAULT_REHEARSAL,
) -> Review:
    """Read a database and review its pending files. Sends two requests, and those that read rows.

    Args:
        files: The folder's files, in order.
        recorded: Checksums of applied files, as for `make_plan`.
        quarantine: Texts that must not be applied.
        stop: Which pending files wait.

    Raises:
        ApiError: The database cannot be read.
    """
    current = live.read_database(database, table)
    plan = make_plan(files, current.ledger, recorded, quarantine, stop)
    return review_current(files, current, table, plan, database, options)


def review_new_database(
    files: Sequence[Migration],
    table: str,
    quarantine: Quarantine = NONE,
    *,
    stop: Stop = NO_STOP,
    options: RehearsalOptions = DEFAULT_REHEARSAL,
) -> Review:
    """Review the files for a database that does not exist yet: every file is pending, and no row can be lost."""
    plan = make_plan(files, (), {}, quarantine, stop)
    return review_current(files, live.NEW, table, plan, None, options, kind=BasisKind.NEW)


def review_offline(
    files: Sequence[Migration], table: str, *, stop: Stop = NO_STOP, options: RehearsalOptions = DEFAULT_REHEARSAL
) -> Review:
    """Review the files without a database. Each may meet rows, because the files before it may have run long ago."""
    plan = make_plan(files, (), {}, stop=stop)
    return review_current(files, live.NEW, table, plan, None, options, exists=False)


def review_current(  # noqa: PLR0913, PLR0917 - a review depends on all of these
    files: Sequence[Migration],
    current: LiveDatabase,
    table: str,
    plan: MigrationPlan[Migration],
    database: Database | None,
    options: RehearsalOptions,
    *,
    kind: BasisKind = BasisKind.MADE,
    exists: bool = True,
) -> Review:
    """Review the pending files of a plan on a schema and ledger that were read before.

    Args:
        plan: The files, compared with the ledger.
        database: The database whose rows are read; None to read none.
        kind: The rows if none is read: generated ones, or none because the database is new.
        exists: False if no database was read, so that a loss of rows is a warning.

    Raises:
        ApiError: The rows cannot be read.
    """
    try:
        running = [file for file in plan.pending if not file.replaces]
        evidence = collect_evidence(current.objects, running, table, database=database, kind=kind, options=options)
    except SqlError as error:
        return Review(_with_unknown_loss(plan, str(error)), None, str(error), (), (), ())
    rehearsed = evidence.rehearsal
    findings = check.lint(rehearsed, table, elsewhere=evidence.elsewhere, exists=exists, has_code=exists)
    drifted = _drift(files, current.ledger, rehearsed.before, table)
    return Review(plan, rehearsed, "", difference(rehearsed.before, rehearsed.after), findings, drifted)


def _with_unknown_loss(plan: MigrationPlan[Migration], obstacle: str) -> MigrationPlan[Migration]:
    """Return a plan whose pending files may be dangerous, because they could not be rehearsed."""
    if not plan.pending:
        return plan
    others = "" if len(plan.pending) == 1 else "and the pending files after it "
    message = (
        f"{others}could not be rehearsed: {obstacle}. It is unknown whether rows would be lost. Read the files. If you "
        "trust them, set dangerousFiles to warning for this run"
    )
    return replace(plan, problems=(*plan.problems, FolderProblem(Problem.DANGEROUS, plan.pending[0].name, message)))


def review_without_rehearsal(  # noqa: PLR0913, PLR0917 - a plan depends on all of these
    files: Sequence[HashedFile],
    ledger: Sequence[str],
    recorded: Mapping[str, str],
    obstacle: str,
    quarantine: Quarantine = NONE,
    stop: Stop = NO_STOP,
) -> Review:
    """Return a review with nothing but the plan, for a database or files that cannot be read.

    Args:
        files: The folder's files, in order.
        ledger: Names of the applied files, as far as they are known.
        recorded: Checksums of applied files, as for `make_plan`.
        quarantine: Texts that must not be applied.
        stop: Which pending files wait.
    """
    return Review(make_plan(files, ledger, recorded, quarantine, stop), None, obstacle, (), (), ())


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
        return (), escape_line(f"drift cannot be determined: {error}")


def _drift(
    files: Iterable[Migration], applied: Iterable[str], live_schema: Schema, table: str
) -> tuple[SchemaChange, ...]:
    by_name = {file.name: file for file in files}
    names = ledger_after_swaps(by_name.values(), tuple(applied))
    applied_files = (by_name[name] for name in names if name in by_name)
    return difference(schema_of_files(applied_files, table), live_schema)


def raise_on_errors(review: Review, folder: str, policy: Mapping[Problem, Severity]) -> None:
    """Stop a run that must not start.

    Args:
        folder: The migrations folder, as the user wrote it.
        policy: Severities of problems. DEFAULT_POLICY has those that it does not name.

    Raises:
        PlanRefused: There are errors, with a line for each, or an import has not ended.
    """
    if unfinished := unfinished_imports(review.plan.applied):
        names = escape_line(", ".join(unfinished))
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
            f"  instead: {finding.instead} ({finding.rule.documentation})",
        )
    return tuple(map(escape_line, lines))
