"""The stacks of an existing Worker project, and their configuration."""

from __future__ import annotations

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.scaffold.stack_guesses import (
    common_project_name,
    entries_of_binding,
    guess_stacks,
    shared_config,
    stack_config,
)
from pulumi_d1.wrangler.entry import WranglerEntry
from pulumi_d1.wrangler.worker import Worker

ID = "7b4f2c86-0c0e-4a5b-9d3c-6f1f0c1a9e52"
OTHER = "0d6f2c86-0c0e-4a5b-9d3c-6f1f0c1a9e52"
CONFIG = "wrangler.toml"


def worker(*entries: WranglerEntry, environments: tuple[str, ...] = ()) -> Worker:
    names = dict.fromkeys([*environments, *(entry.environment for entry in entries if entry.environment)])
    return Worker("shop", environments=tuple(names), entries=entries)


def places(project: Worker, top_level: str = "") -> dict[str, str]:
    return {stack.name: stack.environment for stack in guess_stacks(project, project.entries, top_level)}


def live(name: str = "orders", environment: str = "") -> WranglerEntry:
    return WranglerEntry(CONFIG, environment, "DB", name, ID, migrations_dir="migrations")


@pytest.mark.parametrize(
    ("project", "expected"),
    [
        (worker(), {"dev": "top-level", "prod": "production"}),
        (worker(live()), {"dev": "dev", "prod": "top-level"}),
        (worker(live("shop-dev")), {"dev": "top-level", "prod": "production"}),
        (worker(WranglerEntry(CONFIG, "", "DB", "shop-db")), {"dev": "top-level", "prod": "production"}),
        (worker(live(), environments=("production",)), {"dev": "top-level", "prod": "production"}),
        (worker(live(), live(environment="prod")), {"dev": "top-level", "prod": "prod"}),
        (worker(live(), live(environment="development")), {"dev": "development", "prod": "top-level"}),
        (
            worker(live(), live(environment="staging")),
            {"dev": "dev", "prod": "top-level", "staging": "staging"},
        ),
    ],
)
def test_each_wrangler_environment_becomes_the_stack_that_its_user_means(
    project: Worker, expected: dict[str, str]
) -> None:
    assert places(project) == expected


def test_the_stack_of_the_top_level_can_be_chosen() -> None:
    assert places(worker(live()), "dev") == {"dev": "top-level", "prod": "production"}
    assert places(worker(live()), "live") == {"dev": "dev", "live": "top-level", "prod": "production"}
    assert places(worker(live()), "production") == {"dev": "dev", "production": "top-level"}
    with pytest.raises(ConfigError, match=r"'DB' in 'd1_databases' and .*production.* both become stack 'prod'"):
        places(worker(live(), live(environment="production")), "prod")


def test_a_database_that_environments_share_is_owned_by_one_stack() -> None:
    def entries_of(*entries: WranglerEntry) -> dict[str, tuple[WranglerEntry | None, WranglerEntry | None]]:
        stacks = guess_stacks(worker(*entries), entries, "")
        return {stack.name: (stack.entry, stack.shared_entry) for stack in stacks}

    top, production, staging = live(), live(environment="production"), live(environment="staging")
    assert entries_of(top, production) == {"dev": (None, top), "prod": (production, None)}
    assert entries_of(top, staging) == {"dev": (None, None), "prod": (top, None), "staging": (None, staging)}
    (borrower,) = (
        stack for stack in guess_stacks(worker(top, production), (top, production), "") if stack.shared_entry
    )
    assert stack_config(borrower, {}, "shop") == {"wranglerEnvironment": "top-level"}, "it adopts nothing"


def test_one_binding_is_managed_and_of_several_the_user_chooses() -> None:
    entries = (
        WranglerEntry(CONFIG, "", "DB"),
        WranglerEntry(CONFIG, "", "LOG"),
        WranglerEntry(CONFIG, "production", "DB"),
    )
    assert entries_of_binding((), "") == ()
    assert entries_of_binding(entries[:1], "") == entries[:1]
    assert entries_of_binding(entries, "DB") == (entries[0], entries[2])
    for asked, message in (
        ("", "bound as DB, LOG: choose one with --binding"),
        ("X", "no binding 'X': the configuration has DB, LOG"),
    ):
        with pytest.raises(ConfigError, match=message):
            entries_of_binding(entries, asked)
    with pytest.raises(ConfigError, match="has the binding 'DB' twice"):
        entries_of_binding((entries[0], entries[0]), "")


def test_common_keys_go_into_the_project_and_others_into_the_stacks() -> None:
    top = WranglerEntry(CONFIG, "", "DATA", "legacy", ID, "../sql", "d1_migrations", "../sql/*/migration.sql", "eu")
    production = WranglerEntry(
        CONFIG, "production", "DATA", "shop-db-prod", OTHER, migrations_dir="migrations", migrations_table="log"
    )
    project = worker(top, production)
    dev, prod = guess_stacks(project, project.entries, "")
    shared = shared_config((dev, prod), WranglerEntry(CONFIG, "", "DB"), "a" * 32, "../wrangler.toml")
    assert shared == {
        "accountId": "a" * 32,
        "wranglerConfig": "../wrangler.toml",
        "binding": "DATA",
        "migrationsDir": "../sql",
        "migrationsPattern": "../sql/*/migration.sql",
    }
    assert stack_config(dev, shared, "shop") == {
        "adopt": ID,
        "databaseName": "legacy",
        "jurisdiction": "eu",
        "wranglerEnvironment": "top-level",
    }
    config = stack_config(prod, shared, "shop")
    assert config["protect"] == "true"
    assert config["editedFiles"] == config["dangerousFiles"] == config["emptyFiles"] == "error"
    assert config["migrationsDir"] == config["migrationsPattern"] == "", "the default, in place of Pulumi.yaml's"
    assert (config["migrationsTable"], config["adopt"]) == ("log", OTHER)
    assert "databaseName" not in config


def test_the_project_has_the_name_in_its_databases() -> None:
    def prefix(*entries: WranglerEntry) -> str:
        return common_project_name(guess_stacks(worker(*entries), entries, "dev"))

    def other(name: str) -> WranglerEntry:
        return WranglerEntry(CONFIG, "production", "DB", name, OTHER)

    assert prefix(live("shop-db-dev"), other("shop-db-prod")) == "shop"
    assert prefix(live("shop-db-dev"), other("store-db-prod")) == ""
    assert prefix(live("orders")) == ""


def test_a_stack_called_production_gets_the_configuration_of_prod() -> None:
    for name in ("prod", "production"):
        (production,) = (stack for stack in guess_stacks(worker(live()), (live(),), name) if stack.name == name)
        config = stack_config(production, {}, "shop")
        assert (config["protect"], config["dangerousFiles"]) == ("true", "error")
