"""A preview of a database that cannot be read still has the problems of the folder."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import ApiError, ConfigError, NotFound, PlanRefused
from pulumi_d1.migrations.folder import read_folder
from pulumi_d1.migrations.plan import Problem, Severity
from pulumi_d1.migrations.quarantine import NONE, read_quarantine
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
    offline = replace(DEFAULT_OPTIONS, unreadable=Severity.WARNING)
    inputs = MigrationsInputs(database, FileInputs(str(tmp_path), "", digests), offline, NONE)
    review = review_existing(unreachable, inputs)
    assert (review.obstacle, [item.problem for item in review.plan.problems]) == (
        "Cloudflare does not answer",
        [Problem.EMPTY],
    )

    file.write_text("SELECT 1;\n")
    review = review_existing(unreachable, inputs)
    assert "0001_a.sql changed after the plan was made" in review.obstacle
    assert review.plan.problems == ()


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ApiError("no answer"), "the database shop cannot be read, so nothing was rehearsed: no answer. For a preview"),
        (
            ConfigError("no token"),
            "the database shop cannot be read, so nothing was rehearsed: no token. For a preview",
        ),
        (NotFound("no such database"), "there is no database shop (id) in account account. If it was deleted"),
    ],
)
def test_a_database_that_cannot_be_read_is_an_error_by_default(tmp_path: Path, error: Exception, message: str) -> None:
    def connect() -> Database:
        raise error

    database = DatabaseInputs("account", "id", "shop", "d1_migrations", None, None)
    inputs = MigrationsInputs(database, FileInputs(str(tmp_path), "", {}), DEFAULT_OPTIONS, read_quarantine("", "dev"))
    with pytest.raises(PlanRefused) as refused:
        review_existing(connect, inputs)
    assert str(refused.value).startswith(message)
    assert str(refused.value).count("--stack dev") == 1
