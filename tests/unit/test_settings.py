"""Refuse a configuration with one line for each mistake; declare its keys in Pulumi.yaml."""

from datetime import timedelta
from typing import Any

import pytest
import yaml

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.rehearsal.rows.options import RehearsalOptions, RowsMode
from pulumi_d1.settings import BindingPlace, Settings, read_settings
from tests.support.paths import EXAMPLE, ROOT

ACCOUNT = "0123456789abcdef0123456789abcdef"


def read(**values: str) -> Settings:
    config = {f"shop:{key}": value for key, value in values.items()}
    return read_settings(config, environment="dev", project="shop", account_id=ACCOUNT)


def test_values_arrive_as_text_and_leave_with_their_types() -> None:
    settings = read(protect="true", retentionDays="7", locationHint="weur")
    assert (settings.protect, settings.retention_days, settings.location_hint) == (True, 7, "weur")


def test_an_empty_value_counts_as_not_set() -> None:
    assert read(projectName="", accountId="") == read()


def test_the_project_and_the_account_can_be_chosen() -> None:
    settings = read(projectName="other", accountId="f" * 32)
    assert (settings.database_name, settings.account_id) == ("other-db-dev", "f" * 32)


def test_a_database_that_exists_keeps_its_name() -> None:
    assert read(databaseName="legacy_orders").database_name == "legacy_orders"
    with pytest.raises(ConfigError, match=r"shop:databaseName: 'my db' is not allowed: .*letters, digits"):
        read(databaseName="my db")
    with pytest.raises(
        ConfigError,
        match=r"databaseName: 'shop-db-pr-7' is not allowed: .*a pull request's database, which 'd1 sweep' deletes",
    ):
        read(databaseName="shop-db-pr-7")


@pytest.mark.parametrize(("stack", "ttl"), [("pr-12", ""), ("demo", "7d")])
def test_an_ephemeral_stack_cannot_take_over_a_database_of_another_name(stack: str, ttl: str) -> None:
    adopted = {"shop:ttl": ttl, "shop:adopt": "7b4f2c86-0c0e-4a5b-9d3c-6f1f0c1a9e52"}
    settings = read_settings(adopted, environment=stack, project="shop", account_id=ACCOUNT)
    assert settings.database_name == f"shop-db-{stack}"
    with pytest.raises(
        ConfigError,
        match=r"shop:databaseName: 'orders' is not allowed: .*cannot take over an existing database: remove the key",
    ):
        read_settings({**adopted, "shop:databaseName": "orders"}, environment=stack, project="shop", account_id=ACCOUNT)


def test_a_database_is_bound_in_several_wrangler_configurations() -> None:
    assert read().binding_places == (BindingPlace("", "DB", "dev"),)
    places = (BindingPlace("wrangler.toml", "SHOP", ""), BindingPlace("jobs/wrangler.jsonc", "LOG", "live"))
    for text in (
        "wrangler.toml, jobs/wrangler.jsonc#LOG@live",
        '["wrangler.toml", "jobs/wrangler.jsonc#LOG@live"]',
        "wrangler.toml#SHOP@top-level,jobs/wrangler.jsonc#LOG@live",
    ):
        settings = read(wranglerConfig=text, binding="SHOP", wranglerEnvironment="top-level")
        assert settings.binding_places == places
    for wrong, message in (
        ("a.toml, b.yaml", "must end in .toml, .jsonc or .json"),
        ("a.toml, a.toml", "it has a path twice"),
        ("a.toml#my-db", "a binding after # is a JavaScript name"),
        ("[1]", "it is not a list of paths"),
    ):
        with pytest.raises(ConfigError, match=message):
            read(wranglerConfig=wrong)


def test_a_namespace_has_its_keys_to_itself_and_a_name_of_its_own() -> None:
    config = {"shop:domain": "example.com", "shop:binding": "DB", "orders:binding": "ORDERS", "billing:bindng": "B"}

    def of(namespace: str, account_id: str = ACCOUNT) -> Settings:
        return read_settings(config, environment="dev", project="shop", account_id=account_id, namespace=namespace)

    assert (of("orders").binding, of("orders").database_name) == ("ORDERS", "shop-orders-db-dev")
    with pytest.raises(ConfigError, match="billing:bindng: is not a key of this program; did you mean binding"):
        of("billing")
    with pytest.raises(
        ConfigError, match="orders:accountId: is not set; run 'pulumi config set orders:accountId VALUE'"
    ):
        of("orders", account_id="")


def test_a_program_can_make_settings_under_the_names_of_python() -> None:
    settings = Settings(environment="dev", project_name="shop", account_id=ACCOUNT, migrations_dir="sql")
    assert settings == read(migrationsDir="sql")


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read().binding = "X"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("locationHint", "mars"),
        ("jurisdiction", "uk"),
        ("readReplication", "on"),
        ("retentionDays", "31"),
        ("rehearsalRows", "all"),
        ("rehearsalLimit", "0"),
        ("rehearsalLimit", "10001"),
        ("rehearsalLimit", "1.5"),
        ("rehearsalBudget", "0"),
        ("rehearsalBudget", "601"),
        ("retentionDays", "a month"),
        ("protect", "perhaps"),
        ("binding", "MY DB"),
        ("wranglerConfig", "wrangler.yaml"),
        ("accountId", "a/b"),
        ("migrationsTable", "sqlite_sequence"),
        ("migrationsTable", "_CF_KV"),
    ],
)
def test_a_value_that_is_not_allowed_is_named_with_its_key(key: str, value: str) -> None:
    with pytest.raises(ConfigError, match=rf"shop:{key}: '{value}' is not allowed: .+"):
        read(**{key: value})


def test_the_rehearsal_has_its_options_in_those_of_the_run() -> None:
    assert read().run_options.rehearsal == RehearsalOptions(RowsMode.AUTO, 10, timedelta(seconds=30))
    settings = read(rehearsalRows="sample", rehearsalLimit="10000", rehearsalBudget="600")
    assert settings.run_options.rehearsal == RehearsalOptions(RowsMode.SAMPLE, 10_000, timedelta(seconds=600))


def test_the_backup_before_a_loss_is_stored_where_all_backups_are() -> None:
    assert read(backups="s3://b/shop").run_options.backup == ""
    assert read(backups="s3://b/shop", backupBeforeLoss="true").run_options.backup == "s3://b/shop"


def test_a_misspelt_key_gets_the_right_one() -> None:
    with pytest.raises(ConfigError, match="shop:bindng: is not a key of this program; did you mean binding"):
        read(bindng="DB")


def test_the_stacks_name_is_no_key() -> None:
    with pytest.raises(ConfigError, match="shop:environment: is not a key of this program"):
        read(environment="prod")


def test_keys_of_the_name_that_the_project_had_before_are_refused() -> None:
    config = {"your-app:protect": "true", "shop:protect": "false", "cloudflare:email": "x", "aws:region": "r"}
    with pytest.raises(ConfigError) as error:
        read_settings(config, environment="prod", project="shop", account_id=ACCOUNT)
    assert "your-app:protect: belongs to a project of another name" in str(error.value)
    assert "rename the key to shop:protect" in str(error.value)
    assert len(str(error.value).splitlines()) == 2


def test_an_account_among_the_keys_of_the_provider_is_refused_before_the_provider_refuses_it() -> None:
    with pytest.raises(ConfigError) as error:
        read_settings({"cloudflare:accountId": ACCOUNT}, environment="prod", project="shop", account_id=ACCOUNT)
    line = "cloudflare:accountId: is not a key of the Cloudflare provider: rename the key to shop:accountId"
    assert str(error.value).splitlines()[1:] == [f"  {line}"]


def test_the_error_about_a_missing_account_shows_how_to_set_it() -> None:
    with pytest.raises(ConfigError, match=r"shop:accountId: is not set.*export CLOUDFLARE_ACCOUNT_ID"):
        read_settings({}, environment="dev", project="shop", account_id="")


def test_every_mistake_gets_its_line() -> None:
    with pytest.raises(ConfigError) as error:
        read(binding="1", locationHint="mars", colour="red")
    assert len(str(error.value).splitlines()) == 4


def test_a_bad_name_is_a_mistake_of_the_configuration() -> None:
    with pytest.raises(ConfigError, match="is not a name for a D1 database"):
        read(projectName="my.shop")


def declared() -> dict[str, dict[str, Any]]:
    config: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    return config


def test_pulumi_yaml_declares_every_key_with_type_description_and_the_same_default() -> None:
    fields = {
        field.alias: field.default if not field.is_required() else ""
        for name, field in Settings.model_fields.items()
        if name not in {"environment", "namespace"}
    }
    assert {key: item["default"] for key, item in declared().items()} == fields
    types = {str: "string", bool: "boolean", int: "integer"}
    for key, item in declared().items():
        assert item["type"] == types[type(item["default"])], key
        assert item["description"], key


@pytest.mark.parametrize("stack", ["prod", "production", "acme/production"])
@pytest.mark.parametrize(("key", "value"), [("ttl", "7d"), ("seeds", "seeds"), ("copyFrom", "dev")])
def test_production_under_either_name_is_neither_ephemeral_nor_seeded(stack: str, key: str, value: str) -> None:
    reasons = {"ttl": "production and protected stacks never expire"}
    reason = reasons.get(key, "production and protected stacks are never seeded or copied into")
    with pytest.raises(ConfigError, match=rf"shop:{key}: '{value}' is not allowed: .*{reason}: remove the key"):
        read_settings({f"shop:{key}": value}, environment=stack, project="shop", account_id=ACCOUNT)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_stacks_of_the_example_are_configured_without_mistakes(stack: str) -> None:
    config = yaml.safe_load((EXAMPLE / f"Pulumi.{stack}.yaml").read_text())["config"]
    settings = read_settings(config, environment=stack, project="your-app", account_id=ACCOUNT)
    assert settings.protect is (stack == "prod")
    assert settings.binding_environment == {"dev": "", "prod": "production"}[stack]


def test_a_stack_without_configuration_is_bound_in_an_environment_of_its_own() -> None:
    settings = read_settings({}, environment="pr-12", project="shop", account_id=ACCOUNT)
    assert settings.binding_environment == "pr-12", "dev's binding is not replaced"


@pytest.mark.parametrize("key", ["accountId", "adopt", "confirmDeletion", "binding", "wranglerEnvironment"])
def test_a_value_of_the_wrong_form_gets_an_example_and_no_pattern(key: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_settings({f"shop:{key}": "a b"}, environment="dev", project="shop", account_id=ACCOUNT)
    line = str(error.value).splitlines()[-1]
    assert f"  shop:{key}: 'a b' is not allowed: use " in line
    assert "such as " in line
    assert "^" not in line


def test_a_value_that_is_none_of_a_few_gets_the_few() -> None:
    with pytest.raises(ConfigError, match="shop:onFailure: 'undo' is not allowed: use 'stop' or 'restore'"):
        read_settings({"shop:onFailure": "undo"}, environment="dev", project="shop", account_id=ACCOUNT)
