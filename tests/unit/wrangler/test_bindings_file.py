"""d1.bindings.json has every stack's database; the rest of the file stays."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler import configuration_file
from pulumi_d1.wrangler.entry import WranglerEntry

A, B = (f"{digit}b4f2c86-0c0e-4a5b-9d3c-6f1f0c1a9e52" for digit in "12")


@pytest.fixture
def dev(tmp_path: Path) -> WranglerEntry:
    path = str(tmp_path / "d1.bindings.json")
    return WranglerEntry(path, "dev", "DB", "shop-db-dev", A, "migrations", "d1_migrations")


def test_each_stack_has_its_place(dev: WranglerEntry) -> None:
    prod = replace(dev, environment="prod", database_name="shop-db-prod", database_id=B, migrations_pattern="m/*/a.sql")
    assert [configuration_file.put(item, {item.database_id}) for item in (prod, dev, dev)] == [True, True, False]
    content = json.loads(Path(dev.path).read_text())
    assert list(content) == ["dev", "prod"]
    assert content["dev"] == {
        "binding": "DB",
        "id": A,
        "name": "shop-db-dev",
        "migrations_dir": "migrations",
        "migrations_pattern": "migrations/*.sql",
        "migrations_table": "d1_migrations",
    }
    assert content["prod"]["migrations_pattern"] == "m/*/a.sql"
    assert configuration_file.differences(dev) == []
    assert configuration_file.differences(replace(dev, database_name="other")) == [
        f'{dev.path}: \'dev\': name is "shop-db-dev", not "other"'
    ]
    configuration_file.remove(replace(dev, database_id=B))
    assert configuration_file.is_current(dev), "it has another database"
    configuration_file.remove(dev)
    assert configuration_file.differences(dev) == [f"{dev.path}: 'dev' is missing"]
    assert configuration_file.is_current(prod)


def test_another_database_is_never_overwritten(dev: WranglerEntry) -> None:
    configuration_file.put(dev, {A})
    other = replace(dev, database_id=B)
    with pytest.raises(ConfigError, match=f"'dev' has the database {A}, which this stack did not write"):
        configuration_file.put(other, {B})
    assert configuration_file.put(other, {A, B}) is True


@pytest.mark.parametrize(("text", "message"), [("{", "is not valid JSON"), ("[]", "is not an object")])
def test_a_file_that_is_not_ours_is_refused(dev: WranglerEntry, text: str, message: str) -> None:
    Path(dev.path).write_text(text)
    with pytest.raises(ConfigError, match=message):
        configuration_file.check_put(dev)
