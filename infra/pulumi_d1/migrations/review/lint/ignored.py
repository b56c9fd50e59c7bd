"""2xx: statements that D1 runs without an effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.review.lint.finding import Rule, hit_at
from pulumi_d1.sqlite.authorizer import is_on
from pulumi_d1.sqlite.statements import first_word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.migrations.rehearsal.rehearse import Rehearsal
    from pulumi_d1.migrations.review.lint.finding import Hit
    from pulumi_d1.sqlite.recorder import Action

PRAGMA: Final = Rule(
    "D202",
    "a PRAGMA without an effect",
    "SQLite ignores PRAGMA foreign_keys inside a transaction, and every migration is one. A PRAGMA that only reads, "
    "such as foreign_key_check, stops nothing, because its result is discarded.",
    "Remove it. To delay checks until the end of the transaction, use PRAGMA defer_foreign_keys = ON.",
)
RULES: Final = (PRAGMA,)

_HAVE_EFFECT: Final = frozenset(
    {
        "case_sensitive_like",
        "defer_foreign_keys",
        "ignore_check_constraints",
        "legacy_alter_table",
        "recursive_triggers",
        "reverse_unordered_selects",
    }
)


def hits(rehearsal: Rehearsal) -> Iterator[Hit]:
    """Yield the findings of this family."""
    for file in rehearsal.files:
        refusal = rehearsal.refusal if file is rehearsal.files[-1] else None
        for index, step in enumerate(file.steps):
            if first_word(step.statement.text) != "pragma" or (refusal and refusal.step == index):
                continue
            for action in step.actions[:1]:
                if message := _message(action):
                    yield hit_at(file, index, PRAGMA, Severity.WARNING, message)


def _message(action: Action) -> str:
    name = action.name.lower()
    if name == "foreign_keys" and action.other and is_on(action.other):
        return ""  # D1 does that anyhow
    if name == "foreign_keys" and action.other:
        return f"PRAGMA foreign_keys = {action.other} has no effect inside a transaction, and a migration is one"
    if name == "optimize" or (name in _HAVE_EFFECT and action.other):
        return ""
    return f"PRAGMA {name} only reads, and its result is discarded"
