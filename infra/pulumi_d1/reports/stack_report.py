"""A stack as the comment and the page report on it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_d1.migrations.bookmark import Bookmark
    from pulumi_d1.migrations.plan import Problem, Severity
    from pulumi_d1.migrations.review.review import Review


@dataclass(frozen=True, slots=True)
class StackReport:
    """A stack to report on.

    Attributes:
        database: The database's name; empty if the settings cannot be read.
        folder: The migrations folder, as the user wrote it.
        review: The review; None if there is an error.
        hints: Lines about files of the folder that do not count.
        offline: True if the files ran on an empty database, without access to the real one.
        bookmark: The database's current bookmark; None if it does not exist yet or was not read.
        error: Why there is no review; empty if there is one.
    """

    stack: str
    database: str = ""
    folder: str = ""
    review: Review | None = None
    policy: Mapping[Problem, Severity] | None = None
    hints: tuple[str, ...] = ()
    offline: bool = False
    bookmark: Bookmark | None = None
    error: str = ""
