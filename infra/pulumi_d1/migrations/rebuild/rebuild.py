"""Prove a rebuild on the rows of a database. Only reads from Cloudflare."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError, SqlError
from pulumi_d1.migrations import live
from pulumi_d1.migrations.plan import make_plan
from pulumi_d1.migrations.rebuild.proof import RebuildTask, prove_rebuild
from pulumi_d1.migrations.rehearsal.evidence import run_on_rows
from pulumi_d1.migrations.rehearsal.process import OverBudgetError
from pulumi_d1.migrations.rehearsal.rehearse import schema_of_files
from pulumi_d1.migrations.review.lint import check
from pulumi_d1.sqlite.names import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.rebuild.definition import Wish
    from pulumi_d1.migrations.rebuild.proof import RebuildProof
    from pulumi_d1.migrations.rehearsal.rows.options import Basis, RehearsalOptions
    from pulumi_d1.migrations.review.lint.finding import Finding


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A safe file for one database.

    Attributes:
        basis: The rows that it was proved on.
        findings: What lint finds in it.
        unknown: Tables in it that no file of the folder creates, so that it fails on a new database.
    """

    proof: RebuildProof
    basis: Basis
    findings: tuple[Finding, ...]
    unknown: tuple[str, ...]


def rebuild_safely(  # noqa: PLR0913 - a proof depends on all of these
    files: Sequence[Migration],
    name: str,
    table: str,
    wish: Wish | None,
    *,
    first_line: str,
    database: Database | None,
    options: RehearsalOptions,
) -> Rebuild:
    """Write the safe file for a pending file or a wish, and prove it.

    Args:
        files: The folder's files, in order.
        name: The dangerous file, or the new one for the wish.
        table: The ledger.
        first_line: The comment that a new file starts with; empty for a pending file.
        database: The database to prove it on; None for an empty one with generated rows.

    Raises:
        ConfigError: There is no such file, or it is applied.
        SqlError: It rebuilds nothing, the wish does not fit the table, or a file before it fails.
        ApiError: The database cannot be read.
    """
    now = live.read_database(database, table) if database else live.NEW
    before = files if wish else _before(files, name)
    if name in now.ledger:
        raise ConfigError(
            f"{name} is applied already: restore the database first, or rebuild with --table in a new file"
        )
    earlier = tuple(file for file in make_plan(before, now.ledger, {}).pending if not file.is_empty)
    sql = "" if wish else files[len(before)].sql
    task = RebuildTask(now.objects, earlier, table, name, sql, wish, first_line)
    try:
        proof, basis = run_on_rows(
            partial(prove_rebuild, task), now.objects, table, database=database, options=options, size=len(sql)
        )
    except OverBudgetError as error:
        seconds = int(options.budget.total_seconds())
        raise SqlError(f"the proof takes longer than {seconds} s: raise the config key rehearsalBudget") from error
    known = schema_of_files(before, table).columns
    script = proof.script
    unknown = tuple(item for item in (*script.rebuilt, *script.aside) if fold(item) not in known)
    findings = check.lint(proof.rehearsal, table) if proof.rehearsal else ()
    own = tuple(finding for finding in findings if finding.name.startswith(name))
    return Rebuild(proof, basis, own, unknown)


def _before(files: Sequence[Migration], name: str) -> tuple[Migration, ...]:
    for place, file in enumerate(files):
        if file.name == name:
            return tuple(files[:place])
    raise ConfigError(f"there is no migration {name}: give its name in the folder, as 'd1 plan' prints it")
