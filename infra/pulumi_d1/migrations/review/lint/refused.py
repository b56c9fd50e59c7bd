"""2xx, first half: what D1 refuses. The rehearsal has met its own error; these rules say which kind it is."""

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
    "The statement was run on a database with the live schema and D1's rules, and this is D1's own error.",
    "Mend the statement; the position is where SQLite stopped reading.",
)
PRAGMA: Final = Rule(
    "D203",
    "D1 refuses the PRAGMA",
    "D1 allows the PRAGMAs of a short list (Cloudflare's page on PRAGMA statements), and no other.",
    "Take it out. D1 decides itself how it stores and syncs; keep a version of your own in a table.",
)
TRANSACTION: Final = Rule(
    "D204",
    "D1 refuses BEGIN, COMMIT and SAVEPOINT",
    "A migration is one transaction already, with its row in the ledger. D1 refuses statements about transactions.",
    "Take BEGIN, COMMIT, ROLLBACK, SAVEPOINT and RELEASE out: the file takes effect as a whole or not at all.",
)
TOO_LONG: Final = Rule(
    "D205",
    "a statement is longer than 100,000 bytes",
    "D1 takes statements of up to 100,000 bytes of UTF-8 (Cloudflare's page on limits).",
    "Split it: a long INSERT into several of some hundred rows each.",
)
COMPOUND: Final = Rule(
    "D206",
    "more than five SELECTs in one UNION",
    "D1 takes five terms in a compound SELECT (UNION, UNION ALL, INTERSECT, EXCEPT), where SQLite takes 500.",
    "Use VALUES (1), (2), ..., which has no such limit, or several INSERTs.",
)
RESERVED: Final = Rule(
    "D207",
    "a name of the service's own",
    "Names that start with _cf_, in any case, are kept for D1's own tables: nobody else can make, read or drop one.",
    "Choose another name; leave the service's tables alone.",
)
UNDECIDED: Final = Rule(
    "D208",
    "the rows decide",
    "The rehearsal has the live schema, but not the live rows. A constraint that fails there may hold on the real "
    "rows; a statement that takes long there takes no less on them.",
    "Read the statement with the real rows in mind. If it is right, allow it with a reason.",
)
RULES: Final = (OTHER, PRAGMA, TRANSACTION, TOO_LONG, COMPOUND, RESERVED, UNDECIDED)

_UNTOUCHABLE: Final = re.compile(r"not authorized|prohibited|no such table: _cf_", re.IGNORECASE)
_TOO_SLOW: Final = "SQLITE_INTERRUPT"


def hits(rehearsal: Rehearsal) -> Iterator[Hit]:
    """The findings of this family."""
    for undecided in rehearsal.undecided:
        if _TOO_SLOW in undecided.message:
            message = f"takes longer than {MAX_SECONDS:.0f} s here, on next to no rows: D1 ends a request after 30 s"
        else:
            message = f"{undecided.message} (on the rows of this file alone: those of the live database decide)"
        yield _hit(rehearsal, undecided, UNDECIDED, message)
    refusal = rehearsal.refusal
    if refusal is None:
        return
    step = None if refusal.step is None else rehearsal.files[-1].steps[refusal.step]
    rule, message = (OTHER, refusal.message) if step is None else _kind(step.statement.text, refusal.message)
    yield _hit(rehearsal, refusal, rule, message)


def _hit(rehearsal: Rehearsal, refusal: Refusal, rule: Rule, message: str) -> Hit:
    """The end of a transaction is refused at its last statement, where a waiver can stand."""
    last = next(len(file.steps) - 1 for file in rehearsal.files if file.migration.name == refusal.name)
    refused = rule is not UNDECIDED
    severity = Severity.ERROR if refused else Severity.WARNING
    finding = Finding(rule, severity, refusal.name, refusal.line, refusal.column, message, refused)
    return Hit(last if refusal.step is None else refusal.step, finding)


def _kind(sql: str, message: str) -> tuple[Rule, str]:
    """The rule, and D1's own message unless another says more."""
    if message.startswith("statement too long"):
        return TOO_LONG, f"the statement has {len(sql.encode()):,} bytes: {message}"
    if message.startswith("too many terms in compound SELECT"):
        return COMPOUND, message
    if message == TRANSACTION_REFUSED:
        return TRANSACTION, f"{first_word(sql).upper()}: D1 refuses statements about transactions"
    if _UNTOUCHABLE.search(message) and (names := [word for word in tokens(sql) if word.startswith("_cf_")]):
        return RESERVED, f"{names[0]} is a name of the service's own: not authorized: SQLITE_AUTH"
    if message.startswith("not authorized") and first_word(sql) == "pragma":
        return PRAGMA, f"PRAGMA {tokens(sql)[1]}: {message}"
    return OTHER, message
