"""Undo one applied file with a new one, and prove that on the rows of the database. Only reads from Cloudflare."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations import live
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.past.reversal import reverse_file
from pulumi_d1.migrations.plan import MigrationPlan, make_plan
from pulumi_d1.migrations.rehearsal.rehearse import rehearse
from pulumi_d1.migrations.rehearsal.rows.options import DEFAULT_REHEARSAL, Basis, BasisKind
from pulumi_d1.migrations.review.review import review_current
from pulumi_d1.sqlite.difference import difference

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.rehearsal.rows.options import RehearsalOptions
    from pulumi_d1.migrations.review.review import Review


@dataclass(frozen=True, slots=True)
class Undo:
    """A new file that undoes an applied one, or the reasons why there is none.

    Attributes:
        sql: The text of the new file; empty if there is none.
        reasons: Why there is none, in sentences.
        review: The review of the new file after those that are pending; None if there is no file.
        applied_at: When the file was applied, by the ledger; None if it does not show that.
        later: The files that were applied after it, oldest first.
    """

    sql: str
    reasons: tuple[str, ...]
    review: Review | None
    applied_at: datetime | None
    later: tuple[str, ...]


def undo_file(  # noqa: PLR0913 - a review depends on all of these
    files: Sequence[Migration],
    name: str,
    new: Migration,
    table: str,
    database: Database,
    *,
    options: RehearsalOptions = DEFAULT_REHEARSAL,
) -> Undo:
    """Return the reverse of an applied file, proved on the database.

    Args:
        files: The folder's files, in order.
        new: The new file before its statements: its name and first comments.
        table: The ledger.

    Raises:
        ConfigError: There is no such file, or it is not applied.
        ApiError: The database cannot be read.
    """
    now = live.read_database(database, table)
    reversal = reverse_file(files, name, table)
    if name not in now.ledger:
        raise ConfigError(f"{name} is not applied: change or delete the file")
    applied_at, later = now.times.get(name), now.ledger[now.ledger.index(name) + 1 :]
    if reversal.reasons:
        return Undo("", reversal.reasons, None, applied_at, later)
    sql = new.sql + "".join(f"{statement}\n" for statement in reversal.statements)
    pending = make_plan(files, now.ledger, {}).pending
    plan = MigrationPlan((*pending, Migration(new.name, sql)), now.ledger, ())
    review = review_current(files, now, table, plan, database, options)
    if review.rehearsal is None:
        return Undo("", (f"it could not be rehearsed: {review.obstacle}",), None, applied_at, later)
    who = {file.name: f"{file.name}, which is pending before it" for file in pending}
    refusals = tuple(
        f"D1 would refuse {who.get(f.name, 'its reverse')}: {f.message}" for f in review.findings if f.refused
    )
    before = rehearse(now.objects, pending, table, Basis(BasisKind.NEW)).after
    own = tuple(finding for finding in review.findings if finding.name == new.name)
    review = replace(review, changes=difference(before, review.rehearsal.after), findings=own)
    return Undo("" if refusals else sql, refusals, review, applied_at, later)
