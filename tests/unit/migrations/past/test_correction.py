"""The file that corrects what a restore undid."""

from __future__ import annotations

from datetime import UTC, datetime

from pulumi_d1.migrations.past.correction import correction_text
from pulumi_d1.sqlite.statements import split

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def test_it_names_what_was_undone_and_runs_nothing() -> None:
    text = correction_text("0005_tags.sql", ["0004_tags.sql"], "prod", "b1", NOW)
    assert text.startswith("-- Migration number: 0005 \t 2026-11-29T12:00:00.000Z\n")
    assert "-- Stack prod was restored to bookmark b1, which undid\n--   0004_tags.sql\n" in text
    assert "d1 release FILE --stack prod" in text
    assert split(text) == ()
    assert "release" not in correction_text("0005_tags.sql", [], "prod", "b1", NOW)
