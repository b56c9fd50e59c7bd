"""Advice about statements that D1 refuses. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi_d1.migrations.review.rehearsal import Refusal, Rehearsal


def advise(_rehearsal: Rehearsal, _refusal: Refusal) -> str:
    """Return advice for a refused statement; empty if the rule's own advice is all there is."""
    return ""
