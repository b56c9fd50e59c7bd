"""wrangler d1 create, list, info, insights and delete, and their errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.http_account import HttpAccount
    from tests.support.wrangler import Wrangler


def test_create_makes_a_database_in_its_location(wrangler: Wrangler, cloud: HttpAccount) -> None:
    created = wrangler.d1("create", "shop", "--location", "apac")
    assert "Successfully created DB 'shop' in region APAC" in created.stdout
    [uuid] = re.findall(r'"database_id": "([0-9a-f-]{36})"', created.stdout)
    assert cloud.http.get("/database/shop").json()["result"]["uuid"] == uuid
    assert cloud.tables(uuid) == []


def test_a_name_that_is_taken_is_refused_and_nothing_is_made(wrangler: Wrangler, cloud: HttpAccount) -> None:
    cloud.create("shop")
    refused = wrangler.d1("create", "shop", code=1)
    assert "A database with that name already exists" in refused.errors
    assert cloud.names() == ["shop"]


@pytest.mark.parametrize("number", [0, 3, 10, 23])
def test_list_ends_and_names_every_database_once(wrangler: Wrangler, cloud: HttpAccount, number: int) -> None:
    made = {cloud.create(f"db-{index}"): f"db-{index}" for index in range(number)}
    listed = wrangler.json("list")
    assert len(listed) == number
    assert {item["uuid"]: item["name"] for item in listed} == made


def test_list_draws_a_table(wrangler: Wrangler, cloud: HttpAccount) -> None:
    uuid = cloud.create("shop")
    assert re.search(rf"{uuid} +│ +shop +│ +production", wrangler.d1("list").stdout)


def test_info_counts_tables_queries_and_rows(wrangler: Wrangler, cloud: HttpAccount) -> None:
    uuid = cloud.create(
        "shop", "CREATE TABLE a (x); CREATE TABLE b (x); INSERT INTO a VALUES (1), (2); SELECT * FROM a"
    )
    cloud.create("other", "CREATE TABLE a (x); INSERT INTO a VALUES (1)")
    info = wrangler.json("info", "shop")
    created = info.pop("created_at")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", created)
    assert info == {
        "uuid": uuid,
        "name": "shop",
        "num_tables": 2,
        "running_in_region": "WEUR",
        "read_replication": {"mode": "disabled"},
        "jurisdiction": None,
        "database_size": 16384,
        "read_queries_24h": 1,
        "write_queries_24h": 3,
        "rows_read_24h": 2,
        "rows_written_24h": 2,
    }


def test_info_finds_a_database_by_its_binding(wrangler: Wrangler, shop: str) -> None:
    shown = wrangler.d1("info", "DB").stdout
    assert shop in shown
    assert "8.19 kB" in shown


def test_insights_has_no_queries_to_show(wrangler: Wrangler, cloud: HttpAccount) -> None:
    cloud.create("shop", "CREATE TABLE a (x)")
    assert wrangler.json("insights", "shop") == []


def test_delete_removes_the_database(wrangler: Wrangler, cloud: HttpAccount) -> None:
    cloud.create("kept")
    uuid = cloud.create("shop")
    deleted = wrangler.d1("delete", "shop", "--skip-confirmation")
    assert f"About to delete remote database DB 'shop' ({uuid})." in deleted.stdout
    assert "Deleted 'shop' successfully." in deleted.stdout
    assert cloud.names() == ["kept"]


@pytest.mark.parametrize(
    "command",
    [
        ("info", "nowhere"),
        ("execute", "nowhere", "--remote", "--command", "SELECT 1"),
        ("export", "nowhere", "--remote", "--output", "dump.sql"),
    ],
    ids=lambda command: command[0],
)
def test_a_database_that_does_not_exist_gets_the_friendly_error(wrangler: Wrangler, command: tuple[str, ...]) -> None:
    failed = wrangler.d1(*command, code=1)
    assert "Couldn't find a D1 DB with name or binding 'nowhere' in your config or the API." in failed.errors
    assert not (wrangler.folder / "dump.sql").exists()


def test_a_uuid_in_the_configuration_that_does_not_exist_is_error_7404(wrangler: Wrangler, unknown: str) -> None:
    wrangler.write("wrangler.toml", f'[[d1_databases]]\nbinding = "DB"\ndatabase_id = "{unknown}"\n')
    failed = wrangler.d1("info", "DB", code=1)
    assert "database not found [code: 7404]" in failed.errors


def test_a_wrong_token_is_error_10000(wrangler: Wrangler, cloud: HttpAccount) -> None:
    cloud.create("shop")
    stranger = wrangler.with_variables(CLOUDFLARE_API_TOKEN="another-token")
    failed = stranger.d1("delete", "shop", "--skip-confirmation", code=1)
    assert "Authentication error [code: 10000]" in failed.errors
    assert cloud.names() == ["shop"]
