"""What an existing Worker project gets: its stacks, their configuration, and nothing that is there overwritten."""

from __future__ import annotations

import pytest
import yaml

from pulumi_d1.errors import ConfigError
from pulumi_d1.scaffold.project_files import Fate, File, change, program, unfinished
from pulumi_d1.scaffold.stack_guesses import common_prefix, one_binding, shared_config, stack_config, stacks_of
from pulumi_d1.wrangler.entry import WranglerEntry
from pulumi_d1.wrangler.worker import Worker, read_worker

ID = "7b4f2c86-0c0e-4a5b-9d3c-6f1f0c1a9e52"
OTHER = "0d6f2c86-0c0e-4a5b-9d3c-6f1f0c1a9e52"
CONFIG = "wrangler.toml"


def worker(*entries: WranglerEntry, environments: tuple[str, ...] = ()) -> Worker:
    names = dict.fromkeys([*environments, *(entry.environment for entry in entries if entry.environment)])
    return Worker("shop", environments=tuple(names), entries=entries)


def places(found: Worker, top_level: str = "") -> dict[str, str]:
    return {stack.name: stack.environment for stack in stacks_of(found, found.entries, top_level)}


def live(name: str = "orders", environment: str = "") -> WranglerEntry:
    return WranglerEntry(CONFIG, environment, "DB", name, ID, migrations_dir="migrations")


@pytest.mark.parametrize("name", ["wrangler.toml", "wrangler.jsonc"])
def test_a_configuration_is_read_as_wrangler_reads_it(name: str) -> None:
    texts = {
        "wrangler.toml": f"""
            name = "shop"
            account_id = "{"a" * 32}"
            [[d1_databases]]
            binding = "DB"
            database_id = "{ID}"
            migrations_dir = "./sql"
            [[env.production.d1_databases]]
            binding = "DB"
            database_name = "shop-db-prod"
            database_id = "your-prod-database-id"
            [env.quiet]
        """,
        "wrangler.jsonc": f"""{{ // a comment
            "name": "shop", "account_id": "{"a" * 32}",
            "d1_databases": [{{"binding": "DB", "database_id": "{ID}", "migrations_dir": "./sql"}}],
            "env": {{
                "production": {{"d1_databases": [
                    {{"binding": "DB", "database_name": "shop-db-prod", "database_id": "your-prod-database-id"}},
                ]}},
                "quiet": {{}},
            }},
        }}""",
    }
    assert read_worker(texts[name], name) == Worker(
        "shop",
        "a" * 32,
        ("production", "quiet"),
        (
            WranglerEntry(name, "", "DB", "", ID, migrations_dir="./sql"),
            WranglerEntry(name, "production", "DB", "shop-db-prod"),
        ),
    )
    with pytest.raises(ConfigError, match="an entry of 'd1_databases' has no binding"):
        read_worker('{"d1_databases": [{}]}', "wrangler.json")


@pytest.mark.parametrize(
    ("found", "expected"),
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
    found: Worker, expected: dict[str, str]
) -> None:
    assert places(found) == expected


def test_the_stack_of_the_top_level_can_be_said() -> None:
    assert places(worker(live()), "dev") == {"dev": "top-level", "prod": "production"}
    assert places(worker(live()), "live") == {"dev": "dev", "live": "top-level", "prod": "production"}
    assert places(worker(live()), "production") == {"dev": "dev", "production": "top-level"}
    with pytest.raises(ConfigError, match=r"'DB' in 'd1_databases' and .*production.* both be stack 'prod'"):
        places(worker(live(), live(environment="production")), "prod")


def test_a_database_that_environments_share_is_owned_by_one_stack() -> None:
    def owned(*entries: WranglerEntry) -> dict[str, tuple[WranglerEntry | None, WranglerEntry | None]]:
        found = stacks_of(worker(*entries), entries, "")
        return {stack.name: (stack.entry, stack.borrows) for stack in found}

    top, production, staging = live(), live(environment="production"), live(environment="staging")
    assert owned(top, production) == {"dev": (None, top), "prod": (production, None)}
    assert owned(top, staging) == {"dev": (None, None), "prod": (top, None), "staging": (None, staging)}
    (borrower,) = (stack for stack in stacks_of(worker(top, production), (top, production), "") if stack.borrows)
    assert stack_config(borrower, {}, "shop") == {"wranglerEnvironment": "top-level"}, "it adopts nothing"


def test_one_binding_is_managed_and_several_ask_for_a_choice() -> None:
    entries = (
        WranglerEntry(CONFIG, "", "DB"),
        WranglerEntry(CONFIG, "", "LOG"),
        WranglerEntry(CONFIG, "production", "DB"),
    )
    assert one_binding((), "") == ()
    assert one_binding(entries[:1], "") == entries[:1]
    assert one_binding(entries, "DB") == (entries[0], entries[2])
    for asked, message in (
        ("", "bound as DB, LOG: name one with --binding"),
        ("X", "no binding 'X': there are DB, LOG"),
    ):
        with pytest.raises(ConfigError, match=message):
            one_binding(entries, asked)
    with pytest.raises(ConfigError, match="'DB' is there twice"):
        one_binding((entries[0], entries[0]), "")


def test_what_is_the_same_for_all_stands_once_and_what_is_not_with_its_stack() -> None:
    top = WranglerEntry(CONFIG, "", "DATA", "legacy", ID, "../sql", "d1_migrations", "../sql/*/migration.sql", "eu")
    production = WranglerEntry(
        CONFIG, "production", "DATA", "shop-db-prod", OTHER, migrations_dir="migrations", migrations_table="log"
    )
    found = worker(top, production)
    dev, prod = stacks_of(found, found.entries, "")
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
    assert config["editedFiles"] == config["dangerousFiles"] == "error"
    assert config["migrationsDir"] == config["migrationsPattern"] == "", "the default, in the place of Pulumi.yaml's"
    assert (config["migrationsTable"], config["adopt"]) == ("log", OTHER)
    assert "databaseName" not in config


def test_the_project_is_called_as_the_databases_are() -> None:
    def prefix(*entries: WranglerEntry) -> str:
        return common_prefix(stacks_of(worker(*entries), entries, "dev"))

    def other(name: str) -> WranglerEntry:
        return WranglerEntry(CONFIG, "production", "DB", name, OTHER)

    assert prefix(live("shop-db-dev"), other("shop-db-prod")) == "shop"
    assert prefix(live("shop-db-dev"), other("store-db-prod")) == ""
    assert prefix(live("orders")) == ""


def test_yaml_reads_the_values_as_the_texts_that_they_are() -> None:
    values = {
        "a": "1e5",
        "b": "true",
        "c": "~",
        "d": "*",
        "e": "a: b",
        "f": "00ff",
        "g": "é\n",
        "h": "x/*/y.sql",
        "i": "",
    }
    for name in ("shop", "123", "null"):
        texts = {file.path: file.text for file in program(name, "on", values, {"dev": values, "prod": {}}, "1.2.3")}
        project = yaml.safe_load(texts["Pulumi.yaml"])
        assert (project["name"], project["config"]) == (name, values)
        assert project["runtime"]["options"]["virtualenv"] == "on"
        assert yaml.safe_load(texts["Pulumi.prod.yaml"]) == {"config": {}}
    stack = yaml.safe_load(next(file.text for file in program("shop", ".venv", {}, {"dev": values}, "1.2.3")))
    assert stack["config"] == {f"shop:{key}": value for key, value in values.items()}


def test_a_file_that_is_there_is_kept_added_to_or_in_the_way() -> None:
    lines = File(".gitignore", ".venv/\n.d1/\n", is_lines=True)
    assert change(lines, None).fate is Fate.CREATE
    assert change(lines, "dist").text == "dist\n.venv/\n.d1/\n"
    assert change(lines, "/.venv\n").text == "/.venv\n.d1/\n"
    assert change(lines, ".venv\n.d1/\n").fate is Fate.KEEP
    requirements = File("requirements.txt", "pulumi-d1~=1.2\n", is_lines=True)
    assert change(requirements, "pulumi_d1==1.0\n").fate is Fate.KEEP
    assert change(requirements, "requests\n").text == "requests\npulumi-d1~=1.2\n"

    stack = File("Pulumi.dev.yaml", "config:\n  shop:binding: DB\n")
    assert change(stack, 'encryptionsalt: v1\nconfig:\n  "shop:binding": DB\n  shop:x: 1\n').fate is Fate.KEEP
    assert change(stack, "config:\n  shop:binding: LOG\n").fate is Fate.CONFLICT
    assert change(stack, "config: [").fate is Fate.CONFLICT
    assert change(File("__main__.py", "a\n"), "a\r\n").fate is Fate.KEEP
    assert change(File("__main__.py", "a\n"), "b\n").fate is Fate.CONFLICT


def test_once_all_is_written_the_stacks_files_are_the_users() -> None:
    stack, project = File("Pulumi.dev.yaml", "config: {}\n"), File("Pulumi.yaml", "name: shop\n")
    new = [change(stack, None), change(project, None)]
    assert unfinished(new) == new
    assert unfinished([change(stack, None), change(project, "name: shop\n")]) == [change(project, "name: shop\n")]


def test_a_stack_called_production_gets_the_configuration_of_prod() -> None:
    for name in ("prod", "production"):
        (production,) = (stack for stack in stacks_of(worker(live()), (live(),), name) if stack.name == name)
        config = stack_config(production, {}, "shop")
        assert (config["protect"], config["dangerousFiles"]) == ("true", "error")
