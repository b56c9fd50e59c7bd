"""Annotations for the tests of their formats, with names that try to leave their place."""

from __future__ import annotations

from typing import Final

from pulumi_d1.migrations.review.lint.finding import Rule
from pulumi_d1.reports.annotations import Annotation, Level, ReviewPlaces
from pulumi_d1.reports.markdown import visible

RULE: Final = Rule("D102", "a table is dropped, with its rows: all of them", "They are gone.", "Rename it first.")
PLACES: Final = ReviewPlaces("dev", "shop-db-dev", "database/migrations", "database/Pulumi.dev.yaml")

HOSTILE: Final = visible('a\n::error::b% "c" <d> [e](http://f) {0} \x1b[2J\u202e')
"""A name that a terminal, a CI server, XML, SARIF or Markdown could obey, as an annotation has it."""

ERROR: Final = Annotation(
    Level.ERROR, RULE, "database/migrations/0002_a:b,c.sql", "t is dropped", line=3, column=7, advice="Rename it first."
)
NOTE: Final = Annotation(Level.NOTE, RULE, "database/migrations/0003_b.sql", "u is dropped", line=1, waiver="unused")
DRIFT: Final = Annotation(Level.WARNING, RULE, PLACES.settings, "shop-db-dev: table v is in the database")
