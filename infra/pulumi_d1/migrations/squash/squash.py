"""Squash the files of a folder through one of them. Sends nothing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError, PlanRefused, SqlError
from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.folder import sort_key
from pulumi_d1.migrations.rehearsal.evidence import run_on_rows
from pulumi_d1.migrations.rehearsal.folder_schema import schema_after
from pulumi_d1.migrations.rehearsal.process import OverBudgetError
from pulumi_d1.migrations.rehearsal.rows.options import DEFAULT_REHEARSAL, BasisKind
from pulumi_d1.migrations.squash.proof import prove_squash
from pulumi_d1.migrations.squashes import squash_marks, squashed_texts
from pulumi_d1.sqlite.statements import MAX_STATEMENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.rehearsal.rows.options import RehearsalOptions
    from pulumi_d1.migrations.squash.proof import Squash


def files_through(files: Sequence[Migration], through: str, name: str) -> tuple[Migration, ...]:
    """Return the files to squash.

    Args:
        files: The folder, in order.
        name: The name of the new file.

    Raises:
        ConfigError: There is no such file, it is the first, or the new file would have another place in the order.
    """
    names = [file.name for file in files]
    old = tuple(files[: names.index(through) + 1])
    later = names[len(old) :]
    if len(old) == 1:
        raise ConfigError(f"{through} is the first file: there is nothing to squash it with")
    # Where the disk ignores case, two spellings are one file, and the deletion of the old one would be that of the new.
    if taken := [file for file in names if file.casefold() == name.casefold()]:
        raise ConfigError(f"there is a file {taken[0]} already: choose other words with --name")
    if later and sort_key(name) > sort_key(later[0]):
        raise ConfigError(f"{name} would run after {later[0]}: choose other words with --name, or another FILE")
    return old


def squash_files(
    files: Sequence[Migration], name: str, folder: str, table: str, options: RehearsalOptions = DEFAULT_REHEARSAL
) -> Squash:
    """Return one file in place of several, proved.

    Args:
        files: The files, in order.
        name: The name of the new file.
        folder: The migrations folder, as the user wrote it.
        table: The ledger.

    Raises:
        PlanRefused: D1 would refuse one of the files, or no file leaves the same database.
    """
    schema_after(files, folder, table)  # refuses what D1 would refuse, with its place
    if not _fit_a_statement([file.name for file in files], name, table):
        raise PlanRefused(f"{len(files):,} files are too many for one statement: squash through an earlier file first")
    task, size = partial(prove_squash, files, name, table), sum(len(file.sql) for file in files)
    try:
        result, _ = run_on_rows(task, (), table, database=None, kind=BasisKind.NEW, options=options, size=size)
    except SqlError as error:
        raise PlanRefused(f"nothing was written: {escape_line(str(error))}") from error
    except OverBudgetError as error:
        seconds = int(options.budget.total_seconds())
        raise PlanRefused(f"the proof takes longer than {seconds} s: raise the config key rehearsalBudget") from error
    return result


def squashed_text(files: Sequence[Migration], name: str, table: str, first_line: str, sql: str) -> str:
    """Return the text of the new file. It stands for the files of earlier squashes too, unless they are too many.

    Args:
        name: The name of the new file.
        table: The ledger.
        first_line: The comment with which a migration starts.
    """
    texts = tuple(squashed_texts(files))
    if not _fit_a_statement([text.name for text in texts], name, table):
        texts = tuple(text for text in texts if not text.within)
    return f"{first_line}-- In place of {len(files)} files. Written by d1 squash.\n{squash_marks(texts)}\n{sql}"


def _fit_a_statement(old: Sequence[str], name: str, table: str) -> bool:
    return len(ledger.swap(table, name, old).encode()) <= MAX_STATEMENT_BYTES
