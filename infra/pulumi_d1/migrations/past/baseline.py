"""Mark migrations that a database already has as applied without running them: first the proof, then one write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ApiError, ConfigError, OutcomeUnknown
from pulumi_d1.migrations import ledger, live
from pulumi_d1.migrations.folder import sort_key
from pulumi_d1.migrations.live import LiveDatabase
from pulumi_d1.migrations.other_ledgers import keep
from pulumi_d1.migrations.rehearsal.evidence import collect_evidence
from pulumi_d1.migrations.rehearsal.rows.options import BasisKind
from pulumi_d1.migrations.review.review import drift
from pulumi_d1.migrations.run.settling import settle_attempts
from pulumi_d1.migrations.squashes import ledger_after_swaps
from pulumi_d1.sqlite.difference import ChangeKind
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import first_word, iter_statements, normalize_newlines, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.past.takeover import Takeover
    from pulumi_d1.migrations.rehearsal.rehearse import Refusal
    from pulumi_d1.sqlite.difference import SchemaChange

_WRITES_ROWS: Final = frozenset({"insert", "update", "delete", "replace", "with"})


@dataclass(frozen=True, slots=True)
class Baseline:
    """The files to mark, and the proof that the database has them.

    Attributes:
        names: The files to mark, in order.
        unknown: The names in the ledger without a file. The schema that they create is unknown.
        refusal: Why the files cannot run on a new database; None if they can.
        differences: The changes from the schema of the ledger and of `names` to the live one; empty if they agree.
        writers: Those of `names` that write rows, which are not compared.
        empty: Those of `names` without a statement.
        edited: Those of `names` that were edited after another tool applied them.
        unmapped: A line for each row of another tool that stands for no file.
        created: The tables of other tools that the files create, too.
    """

    names: tuple[str, ...]
    unknown: tuple[str, ...]
    refusal: Refusal | None
    differences: tuple[SchemaChange, ...]
    writers: tuple[str, ...]
    empty: tuple[str, ...]
    edited: tuple[str, ...]
    unmapped: tuple[str, ...]
    created: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Marks:
    """One write that marks files as applied.

    Attributes:
        names: The files, in order.
        table: The name of the ledger, which is created if it does not exist.
        replaced: Another tool's table with the name of the ledger, to keep under another name; empty if there is none.
        dropped: The tables of other tools to delete.
    """

    names: tuple[str, ...]
    table: str
    replaced: str = ""
    dropped: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """True if there is anything to write."""
        return bool(self.names or self.replaced or self.dropped)

    @property
    def sql(self) -> str:
        """The statements, which D1 runs as one transaction."""
        return "\n".join(
            (
                *([keep(self.replaced)] if self.replaced else []),
                ledger.create(self.table),
                *(ledger.insert(self.table, name) for name in self.names),
                *(f"DROP TABLE {quoted(other)};" for other in self.dropped),
            )
        )

    def are_in(self, now: LiveDatabase) -> bool:
        """Return whether the write took effect."""
        tables = {item.name for item in now.objects}
        return not now.fault and set(self.names) <= set(now.ledger) and tables.isdisjoint(self.dropped)


def plan_baseline(
    files: Sequence[Migration], now: LiveDatabase, table: str, through: str | None, takeover: Takeover
) -> Baseline:
    """Compare the schema of the files with the live one. Pure.

    Args:
        files: The folder, in order.
        through: The last file to mark; None for the files that other tools have applied, or all if they list none.

    Raises:
        ConfigError: `through` is not in the folder.
        SqlError: The local SQLite cannot create the live schema.
    """
    names = [file.name for file in files]
    if through is not None and through not in names:
        raise ConfigError(f"--through {through}: there is no such file in the migrations folder")
    mapped = through is None and takeover.decides
    known = ledger_after_swaps(files, now.ledger)
    chosen = files if through is None else files[: names.index(through) + 1]
    unmarked = [file for file in chosen if file.name not in known and not (mapped and file.name not in takeover.names)]
    ledger_after = tuple(sorted((*known, *(file.name for file in unmarked)), key=sort_key))
    by_name = {file.name: file for file in files}
    others = {("table", fold(other)): other for other in takeover.tables}
    changes = drift(files, LiveDatabase(ledger_after, now.objects), table)
    not_created = {(change.type, fold(change.name)) for change in changes if change.kind is ChangeKind.ADDED}
    return Baseline(
        tuple(file.name for file in unmarked),
        tuple(name for name in known if name not in by_name),
        _refusal([by_name[name] for name in ledger_after if name in by_name], table),
        tuple(change for change in changes if (change.type, fold(change.name)) not in others.keys() & not_created),
        tuple(file.name for file in unmarked if _writes_rows(file)),
        tuple(file.name for file in unmarked if file.is_empty),
        tuple(file.name for file in unmarked if file.name in takeover.edited),
        takeover.problems if mapped else (),
        tuple(other for key, other in others.items() if key not in not_created and fold(other) != fold(table)),
    )


def _refusal(files: Sequence[Migration], table: str) -> Refusal | None:
    """Return why the files cannot run on a new database; None if they can.

    Raises:
        SqlError: They cannot be rehearsed.
    """
    evidence = collect_evidence((), files, table, database=None, kind=BasisKind.NEW)
    return evidence.rehearsal.refusal or evidence.rehearsal.over_budget


def mark_applied(database: Database, marks: Marks, sleep: Callable[[float], None]) -> tuple[str, ...]:
    """Write files into the ledger, all or none, and return the names that the ledger has then.

    Args:
        sleep: Waits for a number of seconds.

    Raises:
        ApiError: Nothing was marked, or the ledger does not list it.
    """
    lost = ""
    try:
        database.write(marks.sql)
    except OutcomeUnknown as error:
        lost = f"the response was lost ({error}), and "
    except ApiError as error:
        raise ApiError(f"nothing was marked: {error}", code=error.code, status=error.status) from error
    for _ in settle_attempts(sleep) if lost else (0,):
        now = live.read_despite_faults(database, marks.table)
        if marks.are_in(now):
            return now.ledger
    raise ApiError(
        f"{lost}the ledger {marks.table} does not list the files: nothing was marked; run the same command again"
    )


def _writes_rows(file: Migration) -> bool:
    statements = iter_statements(normalize_newlines(file.sql))
    return any(first_word(statement.text) in _WRITES_ROWS for statement in statements)
