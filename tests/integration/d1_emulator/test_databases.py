"""Databases are created, found, listed, changed and deleted as on the service."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import cloudflare
import httpx
import pytest

from d1_emulator.api_errors import DatabaseNotFound, LimitReached, NameTaken
from d1_emulator.databases.limits import Limits
from d1_emulator.databases.registry import open_registry
from d1_emulator.faults.behaviour import Behaviour
from d1_emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN, serving
from pulumi_d1.errors import ConfigError
from pulumi_d1.sqlite.execute import Query

if TYPE_CHECKING:
    from pathlib import Path

    from cloudflare import Cloudflare

_NOBODY = "00000000-0000-0000-0000-000000000000"


def _error(response: httpx.Response) -> tuple[int, int, str]:
    """Return HTTP status, code and text of an answer that must be an error."""
    envelope = response.json()
    assert (envelope["success"], envelope["result"], envelope["messages"]) == (False, None, [])
    [error] = envelope["errors"]
    return response.status_code, error["code"], error["message"]


def test_a_new_database_looks_like_one_of_the_service(http: httpx.Client) -> None:
    answer = http.post("/database", json={"name": "northwind", "primary_location_hint": "apac", "jurisdiction": "eu"})
    assert answer.status_code == 200
    envelope = answer.json()
    result = envelope.pop("result")
    assert envelope == {"success": True, "errors": [], "messages": []}
    assert UUID(result.pop("uuid")).version == 4
    assert result.pop("created_at").endswith("Z")
    assert result == {
        "name": "northwind",
        "version": "production",
        "num_tables": 0,
        "file_size": 8192,
        "running_in_region": "APAC",
        "created_in_region": "APAC",
        "read_replication": {"mode": "disabled"},
        "jurisdiction": "eu",
    }


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "name => Required"),
        ({"name": None}, "name => Expected string, received null"),
        ({"name": "-x"}, "name => Invalid, it must match ^[a-zA-Z0-9][a-zA-Z0-9_-]*$"),
        ({"name": "x" * 65}, "name => String must contain at most 64 character(s)"),
        ({"name": "x", "read_replication": None}, "read_replication => Expected object, received null"),
        ({"name": "x", "read_replication": {}}, "read_replication.mode => Required"),
        (
            {"name": "x", "read_replication": {"mode": "on"}},
            "read_replication.mode => Invalid enum value. Expected 'auto' | 'disabled', received 'on'",
        ),
        (
            {"name": "x", "jurisdiction": "EU"},
            "jurisdiction => Invalid enum value. Expected 'eu' | 'fedramp' | 'us', received 'EU'",
        ),
    ],
)
def test_a_bad_request_to_create_names_the_property(http: httpx.Client, body: Any, problem: str) -> None:
    assert _error(http.post("/database", json=body)) == (400, 7400, f"Invalid property: {problem}")


def test_a_name_is_free_again_only_after_its_database_is_deleted(http: httpx.Client) -> None:
    first = http.post("/database", json={"name": "twice"}).json()["result"]["uuid"]
    assert _error(http.post("/database", json={"name": "twice"}))[:2] == (400, 7502)
    assert http.delete(f"/database/{first}").json()["result"] is None
    assert http.post("/database", json={"name": "twice"}).json()["result"]["uuid"] != first


def test_a_database_is_found_by_uuid_and_by_name(sdk: Cloudflare, database: str) -> None:
    by_uuid = sdk.d1.database.get(database, account_id=DEFAULT_ACCOUNT_ID)
    by_name = sdk.d1.database.get(str(by_uuid.name), account_id=DEFAULT_ACCOUNT_ID)
    assert by_uuid == by_name
    assert by_uuid.uuid == database


def test_only_the_requested_fields_are_sent(http: httpx.Client, database: str) -> None:
    answer = http.get(f"/database/{database}", params={"fields": "uuid,version"})
    assert answer.json()["result"] == {"uuid": database, "version": "production"}
    assert _error(http.get(f"/database/{database}", params={"fields": "uuid,colour"}))[:2] == (400, 7400)


def test_size_and_tables_follow_the_content(http: httpx.Client, database: str) -> None:
    sql = "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT, b); INSERT INTO t (b) VALUES (zeroblob(100000))"
    http.post(f"/database/{database}/query", json={"sql": sql})
    description = http.get(f"/database/{database}").json()["result"]
    assert description["num_tables"] == 1
    assert description["file_size"] > 100_000


def test_a_database_belongs_to_its_account_alone(base_url: str, http: httpx.Client, database: str) -> None:
    other = f"{base_url}/accounts/another/d1/database"
    assert _error(http.get(f"{other}/{database}")) == (404, 7404, "database not found")
    assert http.get(other).json()["result"] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("PATCH", ""),
        ("GET", "/time_travel/bookmark"),
        ("POST", "/time_travel/restore?bookmark=x"),
        ("POST", "/query"),
        ("POST", "/raw"),
    ],
)
def test_a_missing_database_is_not_found(http: httpx.Client, method: str, path: str) -> None:
    body = {"sql": "SELECT 1"} if method in {"POST", "PATCH"} else None
    assert _error(http.request(method, f"/database/{_NOBODY}{path}", json=body)) == (404, 7404, "database not found")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_name_is_refused_if_a_uuid_is_needed(http: httpx.Client, method: str) -> None:
    body = {"read_replication": {"mode": "auto"}}
    answer = http.request(method, "/database/northwind", json=body)
    assert _error(answer) == (400, 7400, "Invalid property: databaseId => Invalid uuid")


def test_the_sdk_raises_not_found(sdk: Cloudflare) -> None:
    with pytest.raises(cloudflare.NotFoundError) as caught:
        sdk.d1.database.delete(_NOBODY, account_id=DEFAULT_ACCOUNT_ID)
    assert [error.code for error in caught.value.errors] == [7404]


def test_read_replication_is_the_only_property_that_changes(sdk: Cloudflare, http: httpx.Client, database: str) -> None:
    changed = sdk.d1.database.update(database, account_id=DEFAULT_ACCOUNT_ID, read_replication={"mode": "auto"})
    assert changed.read_replication is not None
    assert changed.read_replication.mode == "auto"
    untouched = http.patch(f"/database/{database}", json={})
    assert untouched.json()["result"]["read_replication"] == {"mode": "auto"}
    assert _error(http.put(f"/database/{database}", json={})) == (
        400,
        7400,
        "Invalid property: read_replication => Required",
    )
    assert _error(http.put(f"/database/{database}", json={"read_replication": None})) == (
        400,
        7400,
        "Invalid property: read_replication => Expected object, received null",
    )


def test_a_list_comes_in_pages_until_an_empty_one(base_url: str, http: httpx.Client, sdk: Cloudflare) -> None:
    account = uuid4().hex
    url = f"{base_url}/accounts/{account}/d1/database"
    names = [f"db-{number:02}" for number in range(20)]
    for name in names:
        http.post(url, json={"name": name})
    second = http.get(url, params={"page": 2, "per_page": 15}).json()
    assert [item["name"] for item in second["result"]] == names[15:]
    assert set(second["result"][0]) == {"uuid", "name", "version", "created_at", "jurisdiction"}
    assert second["result_info"] == {"count": 5, "page": 2, "per_page": 15, "total_count": 20}
    # wrangler asks for pages of ten until one is shorter: twenty databases take it three requests.
    assert [len(http.get(url, params={"page": n, "per_page": 10}).json()["result"]) for n in (1, 2, 3)] == [10, 10, 0]
    assert [item.name for item in sdk.d1.database.list(account_id=account, per_page=10)] == names
    assert [item.name for item in sdk.d1.database.list(account_id=account, name="b-1")] == names[10:]


@pytest.mark.parametrize("query", ["page=0", "per_page=9", "per_page=10001", "page=x"])
def test_a_page_out_of_bounds_is_refused(http: httpx.Client, query: str) -> None:
    assert _error(http.get(f"/database?{query}"))[:2] == (400, 7400)


def test_an_account_holds_no_more_databases_than_its_limit(tmp_path: Path) -> None:
    with open_registry(tmp_path, replace(Limits(), databases=1)) as registry:
        registry.create("a", "one", None, None, "disabled")
        with pytest.raises(LimitReached, match=r"databases per account \(1\)"):
            registry.create("a", "two", None, None, "disabled")
        with pytest.raises(NameTaken):
            registry.create("a", "one", None, None, "disabled")
        assert registry.create("b", "two", None, None, "disabled").name == "two"


def test_databases_outlive_the_process_and_leftovers_of_a_kill_do_not(tmp_path: Path) -> None:
    with open_registry(tmp_path) as registry:
        kept = registry.create("a", "kept", "OC", "us", "auto")
        registry.database("a", kept.uuid).run([Query("CREATE TABLE t (a)")])
    (tmp_path / "a" / f"{_NOBODY}.creating" / "segments").mkdir(parents=True)
    (tmp_path / "a" / f"{_NOBODY}.deleted").mkdir()
    with open_registry(tmp_path) as registry:
        assert registry.search("a", "") == (kept,)
        assert registry.database("a", kept.uuid).size().num_tables == 1
    assert [path.name for path in (tmp_path / "a").iterdir()] == [kept.uuid]


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    with open_registry(tmp_path) as registry:
        record = registry.create("a", "one", None, None, "disabled")
    file = tmp_path / "a" / record.uuid / "database.json"
    file.write_text("{")
    with pytest.raises(ConfigError, match=str(file)), open_registry(tmp_path):
        pass


def test_a_deleted_database_answers_nothing(tmp_path: Path) -> None:
    with open_registry(tmp_path) as registry:
        record = registry.create("a", "one", None, None, "disabled")
        database = registry.database("a", record.uuid)
        registry.delete("a", record.uuid)
        with pytest.raises(DatabaseNotFound):
            database.run([Query("SELECT 1")])
        with pytest.raises(DatabaseNotFound):
            registry.delete("a", record.uuid)
    assert list((tmp_path / "a").iterdir()) == []


def test_a_disabled_replication_can_be_shown_as_null(tmp_path: Path) -> None:
    with serving(tmp_path, behaviour=Behaviour(null_replication=True)) as address:
        url = f"{address.base_url}/accounts/a/d1/database"
        with httpx.Client(headers={"Authorization": f"Bearer {DEFAULT_TOKEN}"}) as client:
            created = client.post(url, json={"name": "shop"}).json()["result"]
            one = f"{url}/{created['uuid']}"
            assert (created["read_replication"], client.get(one).json()["result"]["read_replication"]) == (None, None)
            auto = {"read_replication": {"mode": "auto"}}
            assert client.put(one, json=auto).json()["result"]["read_replication"] == {"mode": "auto"}
            refused = client.put(one, json={"read_replication": None})
    text = "Invalid property: read_replication => Expected object, received null"
    assert _error(refused) == (400, 7400, text)
