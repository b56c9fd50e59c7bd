"""Run options in Pulumi's state: they come back as they were, and a newer option has its default."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from pulumi_d1.migrations.plan import Problem, Severity
from pulumi_d1.migrations.rehearsal.rows.options import RehearsalOptions, RowsMode
from pulumi_d1.migrations.run.options import DEFAULT_OPTIONS, OnFailure, RunOptions, options_from_json
from pulumi_d1.migrations.stop import Stop
from pulumi_d1.settings import Settings

OPTIONS = RunOptions(
    policy={Problem.DANGEROUS: Severity.ERROR},
    on_failure=OnFailure.RESTORE,
    retention=timedelta(days=7),
    import_timeout=timedelta(seconds=90),
    rehearsal=RehearsalOptions(RowsMode.MADE, 50, timedelta(seconds=5)),
    stop=Stop("0004_tags.sql"),
    backup="s3://backups/shop",
)


@pytest.mark.parametrize("options", [DEFAULT_OPTIONS, OPTIONS])
def test_the_state_returns_the_options(options: RunOptions) -> None:
    assert options_from_json(json.loads(json.dumps(options.as_json()))) == options


@pytest.mark.parametrize("name", DEFAULT_OPTIONS.as_json())
def test_an_option_that_the_state_lacks_has_its_default(name: str) -> None:
    stored = OPTIONS.as_json()
    del stored[name]
    assert options_from_json(stored).as_json() == {**OPTIONS.as_json(), name: DEFAULT_OPTIONS.as_json()[name]}


def test_the_defaults_are_those_of_a_stack() -> None:
    defaults = Settings(environment="dev", project_name="shop", account_id="0").run_options
    assert (defaults.import_timeout, defaults.retention) == (DEFAULT_OPTIONS.import_timeout, DEFAULT_OPTIONS.retention)
