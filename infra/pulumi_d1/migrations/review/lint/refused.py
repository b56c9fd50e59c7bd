"""2xx: statements that D1 refuses. The rehearsal got D1's own error, and these rules classify it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.review.lint import blocked
from pulumi_d1.migrations.review.lint.advice import advise
from pulumi_d1.migrations.review.lint.finding import Finding, Hit, Rule
from pulumi_d1.sqlite.sandbox import TRANSACTION_REFUSED
from pulumi_d1.sqlite.statements import first_word, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.migrations.rehearsal.rehearse import Refusal, Rehearsal, RehearsedFile

OTHER: Final = Rule(
    "D200",
    "D1 refuses the statement",
    "The statement ran on a local database with the live schema and D1's rules. This is D1's own error.",
    "Fix the statement. SQLite stopped at this position.",
)
PRAGMA: Final = Rule(
    "D203",
    "D1 refuses the PRAGMA",
    "D1 allows only a short list of PRAGMAs (Cloudflare's page on PRAGMA statements).",
    "Remove it. D1 decides itself how it stores and syncs data. Keep a schema version of your own in a table.",
)
TRANSACTION: Final = Rule(
    "D204",
    "D1 refuses BEGIN, COMMIT and SAVEPOINT",
    "A migration already is one transaction, together with its row in the ledger. D1 refuses transaction statements.",
    "Remove BEGIN, COMMIT, ROLLBACK, SAVEPOINT and RELEASE. The file takes effect completely or not at all.",
)
TOO_LONG: Final = Rule(
    "D205",
    "a statement is longer than 100,000 bytes",
    "D1 accepts statements of up to 100,000 bytes of UTF-8 (Cloudflare's page on limits).",
    "Split it, for example a long INSERT into several of a few hundred rows each.",
)
COMPOUND: Final = Rule(
    "D206",
    "more than five SELECTs in one UNION",
    "D1 accepts five terms in a compound SELECT (UNION, UNION ALL, INTERSECT, EXCEPT). SQLite's default is 500.",
    "Use VALUES (1), (2), ..., which has no such limit, or several INSERTs.",
)
RESERVED: Final = Rule(
    "D207",
    "a name that is reserved for D1",
    "Names that start with _cf_, in any case, are reserved for D1's own tables. No one else can create, read or drop "
    "one.",
    "Choose another name, and leave D1's own tables alone.",
)
UNDECIDED: Final = Rule(
    "D208",
    "a statement that depends on the live rows",
    "The rehearsal had generated rows instead of the live ones. A constraint that fails on those may hold on these.",
    "Check the statement against the live rows, or set rehearsalRows to auto. If it is right, allow it with a reason.",
)
OVER_BUDGET: Final = Rule(
    "D210",
    "the rehearsal needs too much time or memory",
    "The rehearsal has a budget, so that no file can hold a preview. D1 ends a query after 30 s. This statement and "
    "those after it were not rehearsed.",
    "Change fewer rows in one statement. If it is right, set rehearsalBudget higher, or allow it with a reason.",
)
RULES: Final = (OTHER, PRAGMA, TRANSACTION, TOO_LONG, COMPOUND, RESERVED, UNDECIDED, OVER_BUDGET)

_UNTOUCHABLE: Final = re.compile(r"not authorized|prohibited|no such table: _cf_", re.IGNORECASE)
_ANY_ROW: Final = "non-deterministic use of "  # the error of an index on 'now', as soon as there is a row
_CHANGES_ROWS: Final = frozenset({"INSERT", "UPDATE"})


def hits(rehearsal: Rehearsal, *, exists: bool) -> Iterator[Hit]:
    """Yield the findings of this family.

    Args:
        exists: True if the rehearsal stands for a database that exists.
    """
    for undecided in rehearsal.undecided:
        file = _file(rehearsal, undecided)
        if classified := blocked.classify(file, undecided, "may have rows"):
            rule, message, step = classified
            severity = Severity.ERROR if exists or rule is blocked.ADDED else Severity.WARNING
            yield _hit(file, replace(undecided, step=step), rule, severity, message)
        elif not _is_about_missing_parents(file, undecided):
            message = f"{undecided.message} (in the rehearsal, on generated rows)"
            depends = not undecided.message.startswith(_ANY_ROW)
            severity = Severity.ERROR if exists and not depends else Severity.WARNING
            yield _hit(file, undecided, UNDECIDED, severity, message)
    if over := rehearsal.over_budget:
        yield _hit(_file(rehearsal, over), over, OVER_BUDGET, Severity.ERROR, over.message)
    if refusal := rehearsal.refusal:
        file = rehearsal.files[-1]
        if classified := blocked.classify(file, refusal, "has rows"):
            rule, message, step = classified
            yield _hit(file, replace(refusal, step=step), rule, Severity.ERROR, message, refused=True)
        else:
            refused = None if refusal.step is None else file.steps[refusal.step].statement.text
            rule, message = (OTHER, refusal.message) if refused is None else _kind(refused, refusal.message)
            advice = advise(rehearsal, refusal) if rule is OTHER else ""
            yield _hit(file, refusal, rule, Severity.ERROR, message, refused=True, advice=advice)


def _file(rehearsal: Rehearsal, refusal: Refusal) -> RehearsedFile:
    return next(file for file in rehearsal.files if file.migration.name == refusal.name)


def _is_about_missing_parents(file: RehearsedFile, refusal: Refusal) -> bool:
    """Return whether rows that a file writes reference rows that generated ones cannot stand for."""
    step = file.steps[-1 if refusal.step is None else refusal.step] if file.steps else None
    verb = step.actions[0].verb if step and step.actions else ""
    return "SQLITE_CONSTRAINT_FOREIGNKEY" in refusal.message and (verb in _CHANGES_ROWS or refusal.step is None)


def _hit(  # noqa: PLR0913 - all that a finding has
    file: RehearsedFile,
    refusal: Refusal,
    rule: Rule,
    severity: Severity,
    message: str,
    *,
    refused: bool = False,
    advice: str = "",
) -> Hit:
    """Return the finding about a refusal. A refused commit belongs to the last statement, so that a waiver can too."""
    finding = Finding(rule, severity, refusal.name, refusal.line, refusal.column, message, refused, advice=advice)
    return Hit(len(file.steps) - 1 if refusal.step is None else refusal.step, finding)


def _kind(sql: str, message: str) -> tuple[Rule, str]:
    """Return the rule and the message: D1's own, unless ours is clearer."""
    if message.startswith("statement too long"):
        return TOO_LONG, f"the statement has {len(sql.encode()):,} bytes: {message}"
    if message.startswith("too many terms in compound SELECT"):
        return COMPOUND, message
    if message == TRANSACTION_REFUSED:
        return TRANSACTION, f"{first_word(sql).upper()}: D1 refuses transaction statements"
    if _UNTOUCHABLE.search(message) and (names := [word for word in tokens(sql) if word.startswith("_cf_")]):
        return RESERVED, f"{names[0]} is reserved for D1: not authorized: SQLITE_AUTH"
    if message.startswith("not authorized") and first_word(sql) == "pragma":
        return PRAGMA, f"PRAGMA {tokens(sql)[1]}: {message}"
    return OTHER, message
