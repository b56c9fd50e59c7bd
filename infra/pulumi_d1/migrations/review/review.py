"""All that can be told about a run before it writes: plan, rehearsal, lint, drift. Sends nothing but reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pulumi_d1.errors import PlanRefused, SqlError
from pulumi_d1.migrations import live
from pulumi_d1.migrations.plan import Problem, Severity, make_plan, severity_of
from pulumi_d1.migrations.quarantine import NONE
from pulumi_d1.migrations.review import rehearsal, rows
from pulumi_d1.migrations.review.lint import check
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.difference import difference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.live import Live
    from pulumi_d1.migrations.plan import File, Plan
    from pulumi_d1.migrations.plan import Finding as Problematic
    from pulumi_d1.migrations.quarantine import Quarantine
    from pulumi_d1.migrations.review.lint.finding import Finding
    from pulumi_d1.migrations.review.rehearsal import Rehearsal
    from pulumi_d1.migrations.review.rows import Count
    from pulumi_d1.sqlite.difference import Change
    from pulumi_d1.sqlite.schema import Schema


@dataclass(frozen=True, slots=True)
class Review:
    """What a run would do.

    Attributes:
        plan: the folder held against the ledger.
        rehearsal: the pending files, run; None where the live schema can't be made here.
        obstacle: why there is no rehearsal; empty where there is one.
        changes: what the pending files make of the schema.
        findings: what lint says, those that a file waives included.
        drift: the way from the schema that the applied files make to the live one.
    """

    plan: Plan[Any]
    rehearsal: Rehearsal | None
    obstacle: str
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    drift: tuple[Change, ...]

    def errors(self, policy: Mapping[Problem, Severity]) -> tuple[tuple[Problematic, ...], tuple[Finding, ...]]:
        """What stops the run: of the plan, and of lint."""
        stop = check.stopping(self.findings, errors_stop=severity_of(Problem.DANGEROUS, policy) is Severity.ERROR)
        return self.plan.of(Severity.ERROR, policy), stop

    def warnings(self, policy: Mapping[Problem, Severity]) -> tuple[tuple[Problematic, ...], tuple[Finding, ...]]:
        """What does not: of the plan, and of lint, without what the files allow and what the policy ignores."""
        _, stop = self.errors(policy)
        ignored = severity_of(Problem.DANGEROUS, policy) is Severity.IGNORE
        shown = (item for item in self.findings if item not in stop and not item.waiver)
        kept = tuple(item for item in shown if item.severity is Severity.WARNING or not ignored)
        return self.plan.of(Severity.WARNING, policy), kept


def look(
    database: Database,
    files: Sequence[Migration],
    table: str,
    recorded: Mapping[str, str],
    quarantine: Quarantine = NONE,
) -> Review:
    """Reads the database, in two requests, or three where there is no ledger, and reviews it.

    Args:
        database: the database.
        files: the folder, in order.
        table: name of the ledger.
        recorded: digests of applied files, as make_plan takes them.
        quarantine: texts that must not be applied.

    Raises:
        ApiError: it can't be read.
    """
    return review(files, live.read(database, table), table, recorded, counting(database), quarantine=quarantine)


def review(  # noqa: PLR0913 - what a review depends on, all of it
    files: Sequence[Migration],
    now: Live,
    table: str,
    recorded: Mapping[str, str],
    count: Callable[[Sequence[Count]], Mapping[Count, int] | None],
    *,
    quarantine: Quarantine = NONE,
) -> Review:
    """Everything about a run.

    Args:
        files: the folder, in order.
        now: the database.
        table: name of the ledger.
        recorded: digests of applied files, as make_plan takes them.
        count: counts live rows, in one request or none; gives None where there is nobody to ask.
        quarantine: texts that must not be applied.
    """
    return judged(rehearsed(files, now, table, recorded, quarantine), table, count)


def rehearsed(
    files: Sequence[Migration],
    now: Live,
    table: str,
    recorded: Mapping[str, str],
    quarantine: Quarantine = NONE,
) -> Review:
    """A review but for what lint says: the same for every database with this ledger and this schema.

    Args:
        files: the folder, in order.
        now: the database.
        table: name of the ledger.
        recorded: digests of applied files, as make_plan takes them.
        quarantine: texts that must not be applied.
    """
    plan = make_plan(files, now.ledger, recorded, quarantine)
    try:
        done = rehearsal.rehearse(now.objects, plan.pending, table)
    except SqlError as error:
        return Review(plan, None, str(error), (), (), ())
    drifted = _drift(files, now.ledger, done.before, table)
    return Review(plan, done, "", difference(done.before, done.after), (), drifted)


def judged(done: Review, table: str, count: Callable[[Sequence[Count]], Mapping[Count, int] | None]) -> Review:
    """The review with what lint says; without a rehearsal there is nothing to lint.

    Args:
        done: the review.
        table: name of the ledger.
        count: counts live rows, in one request or none; gives None where there is nobody to ask.
    """
    if done.rehearsal is None:
        return done
    return replace(done, findings=check.lint(done.rehearsal, table, count(rows.needed(done.rehearsal))))


def counting(database: Database) -> Callable[[Sequence[Count]], Mapping[Count, int]]:
    """Counts rows of the database, as `judged` asks for it."""
    return lambda counts: rows.counted(counts, database.read(rows.select(counts))) if counts else {}


def unrehearsed(
    files: Sequence[File],
    ledger: Sequence[str],
    recorded: Mapping[str, str],
    obstacle: str,
    quarantine: Quarantine = NONE,
) -> Review:
    """The plan alone, where the database or the files can't be read.

    Args:
        files: the folder, in order.
        ledger: names of the applied files, as far as they are known.
        recorded: digests of applied files, as make_plan takes them.
        obstacle: why there is no more.
        quarantine: texts that must not be applied.
    """
    return Review(make_plan(files, ledger, recorded, quarantine), None, obstacle, (), (), ())


def drift(files: Iterable[Migration], now: Live, table: str) -> tuple[Change, ...]:
    """What the live schema has beyond the applied files, and what it lacks.

    Raises:
        SqlError: the live schema can't be made here.
    """
    return _drift(files, now.ledger, schema.read(schema.rebuilt(now.objects)).without(table), table)


def _drift(files: Iterable[Migration], applied: Iterable[str], found: Schema, table: str) -> tuple[Change, ...]:
    by_name = {file.name: file for file in files}
    return difference(rehearsal.made_by((by_name[name] for name in applied if name in by_name), table), found)


def refuse(done: Review, folder: str, policy: Mapping[Problem, Severity]) -> None:
    """Stops a run that must not start.

    Args:
        done: the review.
        folder: of the migrations, as the user wrote it.
        policy: which problems stop it; what it does not name has DEFAULT_POLICY's severity.

    Raises:
        PlanRefused: with a line for each reason.
    """
    if lines := told(*done.errors(policy), folder):
        raise PlanRefused("nothing was applied:\n" + "\n".join(f"  {line}" for line in lines))


def told(problems: Iterable[Problematic], findings: Iterable[Finding], folder: str) -> tuple[str, ...]:
    """One line for each problem of the plan, two for each finding of lint's: what is wrong, and what to do."""
    lines = [item.in_folder(folder) for item in problems]
    for finding in findings:
        lines += (
            finding.in_folder(folder),
            f"  instead: {finding.rule.instead} ({finding.rule.documentation})",
        )
    return tuple(lines)
