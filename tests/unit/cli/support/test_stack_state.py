"""A stack's state, parsed from `pulumi stack export`."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import click
import pytest

from pulumi_d1.cli.support.stack_state import StackState, find_one, read_environment, read_environments, read_stack
from pulumi_d1.errors import ConfigError
from pulumi_d1.program import tokens
from pulumi_d1.wrangler.entry import WranglerEntry
from tests.support.fake_pulumi import FakePulumi, environment_resources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STACK = {"type": tokens.STACK, "urn": "urn:pulumi:stack::project::pulumi:pulumi:Stack::project-stack"}


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePulumi]:
    fake = FakePulumi.install(tmp_path / "pulumi")
    monkeypatch.setenv("PATH", fake.on_path(os.environ)["PATH"])
    with click.Context(click.Command("history"), info_name="history"):
        yield fake


def test_an_environment_has_typed_fields(pulumi: FakePulumi) -> None:
    pulumi.run("dev", [{**STACK, "outputs": {"ttl": "7d"}}, *environment_resources("d1", protect=True)])
    stack = read_stack("dev")
    assert (stack.ttl, stack.protected, [item.id for item in stack.databases]) == ("7d", True, ["id-d1"])
    (state,) = stack.environments
    assert (state.stack, state.component, state.database_id) == ("dev", "d1", "id-d1")
    assert (state.retention, state.checksums) == (timedelta(days=7), {"0001_a.sql": "f00"})
    assert state.bookmark_expires == "2026-12-01T00:00:00+00:00"
    assert state.protected, "Pulumi protects the database, not the migrations"
    assert state.wrangler_entries == (WranglerEntry("wrangler.toml", "", "DB"),)


def test_a_run_that_failed_half_way_has_written_no_entry(pulumi: FakePulumi) -> None:
    pulumi.run("dev", environment_resources("d1", complete=False))
    (state,) = read_environments("dev")
    assert (state.wrangler_entries, state.protected) == ((), False)


def test_a_stack_before_its_first_run_is_empty(pulumi: FakePulumi) -> None:
    pulumi.run("dev", [])
    assert read_stack("dev") == StackState("", protected=False, databases=(), environments=())
    with pytest.raises(ConfigError, match="stack 'dev' has no database yet: run 'pulumi up --stack dev'"):
        read_environment("dev")


def test_one_of_several_environments_must_be_named(pulumi: FakePulumi) -> None:
    pulumi.run("dev", [*environment_resources("orders"), *environment_resources("billing")])
    stack = read_stack("dev")
    with pytest.raises(ConfigError, match="has several databases, in orders, billing: name one, as in 'd1 --namespace"):
        find_one("dev", stack.environments)
    click.get_current_context().params["namespace"] = "billing"
    assert read_environment("dev").database_name == "shop-billing"
    assert [item.component for item in read_environments("dev")] == ["billing"]
    database = find_one("dev", stack.databases)
    assert database is not None
    assert database.id == "id-billing"


def test_an_unknown_stack_is_refused_with_those_that_exist(pulumi: FakePulumi) -> None:
    pulumi.run("dev", [])
    with pytest.raises(ConfigError, match="there is no stack 'prod': this project has dev; choose one with --stack"):
        read_stack("prod")
