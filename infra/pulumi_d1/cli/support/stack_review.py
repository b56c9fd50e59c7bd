"""Review a stack's database without running Pulumi."""

from __future__ import annotations

from contextlib import chdir, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.exit_codes import ExitCode
from pulumi_d1.cli.support.options import with_through
from pulumi_d1.cli.support.stack_state import stack_names
from pulumi_d1.cli.support.stack_token import stack_account
from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.ephemeral.names import is_permanent
from pulumi_d1.errors import ConfigError, NotFound
from pulumi_d1.migrations.bookmark import bookmark_now
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.migrations.plan import Problem, Severity, severity_of
from pulumi_d1.migrations.review.limits import review_notes
from pulumi_d1.migrations.review.review import review_database, review_new_database, review_offline
from pulumi_d1.reports.annotations import ReviewPlaces, annotate
from pulumi_d1.reports.stack_report import StackReport
from pulumi_d1.scaffold.detection import relative_path, repository_root

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pulumi_d1.cloudflare.database import D1Api
    from pulumi_d1.migrations.review.review import Review
    from pulumi_d1.reports.annotations import Annotation
    from pulumi_d1.settings import Settings


@dataclass(frozen=True, slots=True)
class StackReview:
    """A stack's files, compared with its database.

    Attributes:
        hints: Lines about files of the folder that do not count.
        database: The stack's database; None if it does not exist yet or was not read.
        offline: True if the files ran on an empty database, without access to the real one.
    """

    settings: Settings
    review: Review
    hints: tuple[str, ...]
    database: D1Api | None
    offline: bool

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines about D1's limits. Offline there are none, because all files run."""
        return () if self.offline else review_notes(self.review.rehearsal, self.settings.run_options.retention)

    @property
    def policy(self) -> Mapping[Problem, Severity]:
        """The severities that the stack gives to problems.

        Offline, an empty file is only a warning: applied files are pending too, and an applied one does no harm.
        """
        policy = self.settings.run_options.policy
        if self.offline and severity_of(Problem.EMPTY, policy) is Severity.ERROR:
            return {**policy, Problem.EMPTY: Severity.WARNING}
        return policy

    @property
    def exit_code(self) -> ExitCode:
        """The exit code. Offline, all files are pending, so that does not count."""
        if any(self.review.errors(self.policy)):
            return ExitCode.FAILED
        if self.review.plan.pending and not self.offline:
            return ExitCode.PENDING
        return ExitCode.DRIFTED if self.review.drift else ExitCode.OK


def review_stack(
    folder: Path, stack: str, checksums: Mapping[str, str], *, offline: bool, through: str | None = None
) -> StackReview:
    """Read files and database, and write nothing.

    Args:
        stack: The stack's name; the stack need not exist.
        checksums: SHA-256 of the applied files at the time when they were applied, by name; empty if unknown.
        offline: Run the files on an empty database instead of reading the real one.
        through: The last file to apply, instead of that of the key; None for the key.

    Raises:
        D1Error: A setting or a file is invalid, the database cannot be read, or neither it nor the stack exists.
    """
    settings = with_through(project.settings(folder, stack, needs_account=not offline), through)
    migrations = migrations_folder(settings.migrations_dir, settings.migrations_pattern, folder)
    files, hints = migrations.read(), migrations.hints()
    table, quarantine = settings.migrations_table, settings.quarantined
    options, stop = settings.run_options.rehearsal, settings.run_options.stop
    stop.check([file.name for file in files])
    if offline:
        return StackReview(settings, review_offline(files, table, stop=stop, options=options), hints, None, offline)
    with waiting(f"reading {settings.database_name}, and running pending files on a copy of its schema"):
        database = find_database(settings)
        if database is None:
            _refuse_unknown_stack(folder, stack, settings)
            review = review_new_database(files, table, quarantine, stop=stop, options=options)
        else:
            review = review_database(database, files, table, checksums, quarantine, stop=stop, options=options)
    return StackReview(settings, review, hints, database, offline)


def report_stack(
    folder: Path, stack: str, checksums: Mapping[str, str], *, offline: bool
) -> tuple[StackReport, StackReview]:
    """Review a stack as `review_stack` does, read its bookmark, and return the report with the review.

    Raises:
        D1Error: As for `review_stack`.
    """
    review = review_stack(folder, stack, checksums, offline=offline)
    settings = review.settings
    bookmark = review.database.bookmark() if review.database else None
    report = StackReport(
        stack,
        database=settings.database_name,
        folder=settings.migrations_dir,
        review=review.review,
        policy=review.policy,
        hints=review.hints,
        offline=offline,
        bookmark=bookmark_now(bookmark, timedelta(days=settings.retention_days)) if bookmark else None,
    )
    return report, review


def annotate_stack(stack_review: StackReview, folder: Path, stack: str) -> tuple[tuple[Annotation, ...], ReviewPlaces]:
    """Return a review's messages with their places in the repository, and those places.

    Args:
        folder: The folder of Pulumi.yaml.
    """
    repository, own = repository_root(folder), folder / f"Pulumi.{stack}.yaml"
    places = ReviewPlaces(
        stack=stack,
        database=stack_review.settings.database_name,
        migrations=relative_path(folder / stack_review.settings.migrations_dir, repository),
        settings=relative_path(own if own.is_file() else folder / "Pulumi.yaml", repository),
    )
    return annotate(stack_review.review, stack_review.policy, stack_review.hints, places), places


def _refuse_unknown_stack(folder: Path, stack: str, settings: Settings) -> None:
    """Refuse a stack that is neither configured nor known to Pulumi, such as a misspelled one.

    Raises:
        ConfigError: There is no such stack.
    """
    stacks = project.configured_stacks(folder)
    if is_permanent(stack) or stack in stacks:
        return
    with chdir(folder), suppress(ConfigError):  # without pulumi or a login, the files are all that is known
        stacks |= set(stack_names())
    if stack in stacks:
        return
    prefix = settings.database_name.removesuffix(stack)
    listed = stack_account(settings).databases(prefix)
    databases = sorted(item.name for item in listed if item.name.startswith(prefix))
    raise ConfigError(
        f"there is no stack '{stack}' and no database '{settings.database_name}'. Stacks: "
        f"{', '.join(sorted(stacks)) or 'none'}. Databases named '{prefix}*': {', '.join(databases) or 'none'}. "
        f"To create them, run 'pulumi stack init {stack}' and 'pulumi up --stack {stack}'"
    )


def find_database(settings: Settings) -> D1Api | None:
    """Return the stack's database, or None if it does not exist.

    Raises:
        ApiError: Cloudflare does not answer.
    """
    try:
        return stack_account(settings).find(settings.database_name)
    except NotFound:
        return None
