"""The databases of an account, their exports, and the connection to the API."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_d1.cloudflare import account as accounts
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import make_client
from pulumi_d1.cloudflare.retry import ATTEMPTS, Retry
from pulumi_d1.errors import ApiError, ConfigError, NoConnection, NotFound, OutcomeUnknown, Unauthorized

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.runner import ScriptedCloudflare


def account_of(database: D1Api) -> Account:
    return Account(database.client, database.account_id, database.retry)


def exported(database: D1Api) -> str:
    file = io.BytesIO()
    database.export(file)
    return file.getvalue().decode()


def test_every_page_of_a_list_is_requested(database: D1Api, monkeypatch: pytest.MonkeyPatch) -> None:
    account = account_of(database)
    monkeypatch.setattr(accounts, "PAGE_SIZE", 10)  # the least that the API gives
    names = {f"shop-db-pr-{number}" for number in range(21)}
    for name in names:
        account.create(name)
    assert {info.name for info in account.databases("-pr-")} == names, "one on the last page too"
    assert len(list(account.databases())) == len(names) + 1
    assert list(account.databases("nowhere")) == []


def listed(*names: str, **more: Any) -> dict[str, Any]:
    """Return an answer with a page of the account's databases; `more` is `total_count`."""
    page = [{"uuid": f"id-of-{name}", "name": name} for name in names]
    return {"result": page, "success": True, "errors": [], "result_info": more}


def test_a_database_that_moves_to_the_next_page_is_listed_once(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    for page in (("a", "b"), ("b", "c"), ()):
        scripted.answer(200, listed(*page))
    assert [info.name for info in account_of(failing).databases()] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "answers",
    [
        [listed("a", total_count=3), listed(total_count=3)],
        [listed("a", total_count=3), {"result": None, "success": True, "errors": []}],
        [listed("a", total_count=3), *[{"result": [], "success": False, "errors": []}] * ATTEMPTS],
        [{"result": {"uuid": "a"}, "success": True, "errors": [], "result_info": {"total_count": 1}}],
    ],
)
def test_an_incomplete_list_is_an_error(
    scripted: ScriptedCloudflare, failing: D1Api, answers: list[dict[str, Any]]
) -> None:
    for answer in answers:
        scripted.answer(200, answer)
    with pytest.raises(ApiError, match=r"is incomplete|without success"):
        list(account_of(failing).databases())


def test_a_database_is_found_by_name_and_by_id_until_it_is_deleted(database: D1Api) -> None:
    account = account_of(database)
    created = account.create("shop-db-eu", jurisdiction="eu")
    info = account.describe("shop-db-eu")
    assert (info.id, info.jurisdiction) == (created.database_id, "eu")
    assert account.find(created.database_id) == created
    with pytest.raises(ApiError, match="code 7502"):
        account.create("shop-db-eu")
    account.delete(created.database_id)
    for request in (account.describe, account.delete):
        with pytest.raises(NotFound):
            request(created.database_id)


def test_an_export_holds_schema_and_rows(database: D1Api) -> None:
    database.write("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO t VALUES (1, 'it''s ü');")
    text = exported(database)
    assert 'INSERT INTO "t" ("id","text") VALUES(1,\'it\'\'s ü\');' in text
    copy = account_of(database).create("copy")
    copy.import_script(text)
    assert copy.read("SELECT * FROM t") == ({"id": 1, "text": "it's ü"},)


def test_a_virtual_table_is_not_exported_and_the_error_has_the_reason(database: D1Api) -> None:
    database.write("CREATE VIRTUAL TABLE words USING fts5(text)")
    with pytest.raises(ApiError, match=r"(?i)virtual"):
        exported(database)


def test_a_download_that_breaks_off_is_fetched_again_from_its_start(
    scripted: ScriptedCloudflare, failing: D1Api
) -> None:
    url = f"{scripted.base_url}/signed"
    done = {"status": "complete", "success": True, "result": {"filename": "f.sql", "signed_url": url}}
    scripted.answer(200, {"result": done, "success": True, "errors": []})
    scripted.drop()
    scripted.answer(200, "SELECT 1;")
    assert exported(failing) == "SELECT 1;"
    assert [path for _, path, _ in scripted.requests[1:]] == ["/client/v4/signed"] * 2


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        (403, {}, "the download failed: HTTP 403"),
        (404, {}, "the download failed: HTTP 404"),
        (200, {"content-length": "", "connection": "close"}, "has no Content-Length"),
    ],
)
def test_a_failed_download_is_an_error_that_does_not_blame_the_token(
    scripted: ScriptedCloudflare, failing: D1Api, status: int, headers: dict[str, str], message: str
) -> None:
    done = {"status": "complete", "success": True, "result": {"signed_url": f"{scripted.base_url}/signed"}}
    scripted.answer(200, {"result": done, "success": True, "errors": []})
    scripted.answer(status, "CREATE TABLE t (id);", **headers)
    with pytest.raises(ApiError, match=message) as caught:
        exported(failing)
    assert not isinstance(caught.value, (NotFound, Unauthorized))


def test_without_patience_a_request_is_sent_once(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    scripted.error(429, 971, "throttled", **{"retry-after": "300"})
    with pytest.raises(ApiError, match="throttled"):
        Account(failing.client, "account", Retry(patience=0)).describe("shop-db-dev")
    scripted.drop()
    with pytest.raises(OutcomeUnknown):
        Account(failing.client, "account", Retry(patience=0)).describe("shop-db-dev")


def test_the_proxy_of_the_machine_is_used(scripted: ScriptedCloudflare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", scripted.base_url.removesuffix("/client/v4"))
    monkeypatch.setenv("no_proxy", "")
    scripted.bookmark("b")
    client = make_client("a-token", base_url="http://api.invalid/client/v4")
    assert client.call("GET", "/anything").result == {"bookmark": "b"}
    assert scripted.requests == [("GET", "http://api.invalid/client/v4/anything", "")]
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    direct = make_client("a-token", base_url="http://127.0.0.1:9/client/v4")
    with pytest.raises(NoConnection, match=r"no connection to 127\.0\.0\.1, nothing was sent: Connection refused"):
        direct.call("GET", "/anything")


def test_a_malformed_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", "api.cloudflare.com")
    with pytest.raises(
        ConfigError, match=r"CLOUDFLARE_BASE_URL is 'api\.cloudflare\.com': it must start with https://"
    ):
        make_client("a-token")


def test_an_account_without_databases_is_empty_even_without_a_total(
    scripted: ScriptedCloudflare, failing: D1Api
) -> None:
    scripted.answer(200, {"result": [], "success": True, "errors": []})
    assert list(Account(failing.client, "account", failing.retry).databases()) == []


@pytest.mark.parametrize(
    "item",
    [
        None,
        [],
        {},
        {"uuid": 7},
        {"uuid": ""},
        {"uuid": "../x"},
        {"uuid": "a b"},
        {"uuid": "u1", "name": 7},
        {"uuid": "x" * 65},
    ],
)
def test_a_database_of_another_shape_is_an_unknown_answer(
    scripted: ScriptedCloudflare, failing: D1Api, item: object
) -> None:
    scripted.answer(200, {"result": item, "success": True, "errors": []})
    with pytest.raises(OutcomeUnknown):
        Account(failing.client, "account", Retry(patience=0)).describe("shop")


def test_a_list_of_databases_that_does_not_end_is_stopped(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    for _ in range(2):
        scripted.answer(200, {"result": [{"uuid": "u1", "name": "a"}], "success": True, "errors": []})
    with pytest.raises(ApiError, match="list of databases does not end: page 2 has no other databases"):
        list(Account(failing.client, "account", failing.retry).databases())


def test_a_time_of_creation_that_is_none_is_left_out(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    account = Account(failing.client, "account", failing.retry)
    for text, time in (("soon", None), ("2026-11-29", datetime(2026, 11, 29, tzinfo=UTC))):
        scripted.answer(200, {"result": {"uuid": "u1", "name": "a", "created_at": text}, "success": True, "errors": []})
        assert account.describe("a").created_at == time


DAY = (datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 23, 2, 10, tzinfo=UTC))


def test_the_rows_of_an_account_are_those_that_the_service_counts(database: D1Api) -> None:
    account = account_of(database)
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    database.write("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2);")
    account.create("other").write("CREATE TABLE t (a); INSERT INTO t VALUES (1);")
    assert account.rows_written(midnight, datetime.now(UTC)) == 3
    assert account.rows_written(*DAY) == 0


def test_the_query_for_metrics_is_that_of_wrangler(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    groups = [{"sum": {"rowsWritten": number}, "dimensions": {}} for number in (40, 2)]
    scripted.answer(200, {"data": {"viewer": {"accounts": [{"d1AnalyticsAdaptiveGroups": groups}]}}, "errors": None})
    assert account_of(failing).rows_written(*DAY) == 42
    [(method, path, body)] = scripted.requests
    assert (method, path) == ("POST", "/client/v4/graphql")
    assert json.loads(body)["variables"] == {
        "accountTag": failing.account_id,
        "filter": {"AND": [{"datetimeHour_geq": "2026-11-23T00:00:00Z", "datetimeHour_leq": "2026-11-23T02:10:00Z"}]},
    }


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            {"data": None, "errors": [{"message": "account is not authorized"}]},
            "refused the query for metrics: account",
        ),
        ({"data": None, "errors": [7]}, "is not a JSON object"),
        ({"data": None, "errors": "no"}, "no JSON object|not a JSON object"),
        ({"data": {"viewer": {"accounts": []}}, "errors": None}, "has no d1AnalyticsAdaptiveGroups"),
        ({"data": {"viewer": None}}, "is not a JSON object"),
        (
            {"data": {"viewer": {"accounts": [{"d1AnalyticsAdaptiveGroups": [{"sum": {}}]}]}}},
            "no number of rows written",
        ),
        ([], "is not a JSON object"),
    ],
)
def test_an_answer_without_metrics_is_an_error(
    scripted: ScriptedCloudflare, failing: D1Api, answer: Any, message: str
) -> None:
    scripted.answer(200, answer)
    with pytest.raises(OutcomeUnknown, match=message):
        account_of(failing).rows_written(*DAY)


def test_the_permission_for_metrics_is_named(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    scripted.error(403, 10000, "Authentication error")
    with pytest.raises(Unauthorized, match="needs the permission D1 Edit, and to read metrics Account Analytics Read"):
        account_of(failing).rows_written(*DAY)
