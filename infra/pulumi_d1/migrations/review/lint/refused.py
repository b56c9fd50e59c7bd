"""2xx: statements that D1 refuses. The rehearsal got D1's own error, and these rules classify it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.review.lint.finding import Finding, Hit, Rule
from pulumi_d1.sqlite.recorder import MAX_SECONDS
from pulumi_d1.sqlite.sandbox import TRANSACTION_REFUSED
from pulumi_d1.sqlite.statements import first_word, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.migrations.review.rehearsal import Refusal, Rehearsal

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
    "The rehearsal has the live schema, but not the live rows. A constraint that fails there may hold on the live "
    "rows. A statement that takes long there takes at least as long on them.",
    "Check the statement against the live rows. If it is right, allow it with a reason.",
)
RULES: Final = (OTHER, PRAGMA, TRANSACTION, TOO_LONG, COMPOUND, RESERVED, UNDECIDED)

_UNTOUCHABLE: Final = re.compile(r"not authorized|prohibited|no such table: _cf_", re.IGNORECASE)
_TOO_SLOW: Final = "SQLITE_INTERRUPT"


def hits(rehearsal: Rehearsal) -> Iterator[Hit]:
    """Yield the findings of this family."""
    for undecided in rehearsal.undecided:
        if _TOO_SLOW in undecided.message:
            message = f"takes longer than {MAX_SECONDS:.0f} s here, on almost no rows; D1 ends a request after 30 s"
        else:
            message = f"{undecided.message} (in the rehearsal, without the live rows)"
        yield _hit(rehearsal, undecided, UNDECIDED, message)
    refusal = rehearsal.refusal
    if refusal is None:
        return
    step = None if refusal.step is None else rehearsal.files[-1].steps[refusal.step]
    rule, message = (OTHER, refusal.message) if step is None else _kind(step.statement.text, refusal.message)
    yield _hit(rehearsal, refusal, rule, message)


def _hit(rehearsal: Rehearsal, refusal: Refusal, rule: Rule, message: str) -> Hit:
    """Return the finding about a refusal. A refused commit belongs to the last statement, so that a waiver can too."""
    last = next(len(file.steps) - 1 for file in rehearsal.files if file.migration.name == refusal.name)
    refused = rule is not UNDECIDED
    severity = Severity.ERROR if refused else Severity.WARNING
    finding = Finding(rule, severity, refusal.name, refusal.line, refusal.column, message, refused)
    return Hit(last if refusal.step is None else refusal.step, finding)


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
