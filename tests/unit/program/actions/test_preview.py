"""A preview of a database that cannot be read still has the problems of the folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.errors import ApiError
from pulumi_d1.migrations.folder import read_folder
from pulumi_d1.migrations.plan import Problem
from pulumi_d1.migrations.quarantine import NONE
from pulumi_d1.migrations.run.options import DEFAULT_OPTIONS
from pulumi_d1.program.actions.inputs import DatabaseInputs, FileInputs, MigrationsInputs
from pulumi_d1.program.actions.preview import review_existing

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_d1.cloudflare.database import Database


def unreachable() -> Database:
    raise ApiError("Cloudflare does not answer")


def test_case_39_a_file_without_a_statement_is_named_without_the_database(tmp_path: Path) -> None:
    file = tmp_path / "0001_a.sql"
    file.write_text("-- nothing yet\n")
    digests = {migration.name: migration.sha256 for migration in read_folder(tmp_path)}
    database = DatabaseInputs("account", "id", "shop", "d1_migrations", None, None)
    inputs = MigrationsInputs(database, FileInputs(str(tmp_path), "", digests), DEFAULT_OPTIONS, NONE)
    review = review_existing(unreachable, inputs)
    assert (review.obstacle, [item.problem for item in review.plan.problems]) == (
        "Cloudflare does not answer",
        [Problem.EMPTY],
    )

    file.write_text("SELECT 1;\n")
    review = review_existing(unreachable, inputs)
    assert "0001_a.sql changed after the plan was made" in review.obstacle
    assert review.plan.problems == ()
