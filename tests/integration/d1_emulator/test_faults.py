"""Faults over real sockets: each hits the selected request, before or after its effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cloudflare
import httpx
import pytest
from cloudflare import Cloudflare

from d1_emulator.faults.rules import FaultKind, FaultRule, RequestFaults, When, select_faults
from d1_emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONTROL = "/emulator/faults"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of this module's own emulator, with the right token; paths are relative to its root."""
    with serving(tmp_path_factory.mktemp("faults")) as address:
        headers = {"Authorization": f"Bearer {DEFAULT_TOKEN}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{address.port}", headers=headers) as client:
            yield client


@pytest.fixture
def url(emulator: httpx.Client) -> Iterator[str]:
    """The path of a new database with an empty table t. No fault remains before or after the test."""
    databases = f"/client/v4/accounts/{DEFAULT_ACCOUNT_ID}/d1/database"
    uuid = emulator.post(databases, json={"name": "victim"}).json()["result"]["uuid"]
    path = f"{databases}/{uuid}"
    assert emulator.post(f"{path}/query", json={"sql": "CREATE TABLE t (a)"}).status_code == 200
    yield path
    assert emulator.delete(_CONTROL).status_code == 200
    assert emulator.delete(path).status_code == 200


def _set(emulator: httpx.Client, **document: Any) -> None:
    answer = emulator.put(_CONTROL, json=document)
    assert answer.status_code == 200, answer.text


def _insert(emulator: httpx.Client, url: str, value: int = 1) -> httpx.Response:
    return emulator.post(f"{url}/query", json={"sql": f"INSERT INTO t VALUES ({value})"})


def _rows(emulator: httpx.Client, url: str) -> list[Any]:
    answer = emulator.post(f"{url}/raw", json={"sql": "SELECT a FROM t"}).json()
    return [row[0] for row in answer["result"][0]["results"]["rows"]]


@pytest.mark.parametrize("when", When)
def test_a_server_error_comes_in_the_envelope_and_hides_the_effect(
    emulator: httpx.Client, url: str, when: When
) -> None:
    _set(emulator, faults=[{"fault": "error", "when": when, "endpoint": "query"}])
    answer = _insert(emulator, url)
    assert answer.status_code == 500
    [error] = answer.json()["errors"]
    assert error["code"] == 7500
    assert error["message"].startswith("internal error; reference = ")
    assert _rows(emulator, url) == ([1] if when == When.AFTER else [])


@pytest.mark.parametrize("when", When)
def test_a_bad_gateway_is_a_page_of_html(emulator: httpx.Client, url: str, when: When) -> None:
    _set(emulator, faults=[{"fault": "bad-gateway", "when": when, "endpoint": "query"}])
    answer = _insert(emulator, url)
    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")
    assert "<title>502 Bad Gateway</title>" in answer.text
    assert _rows(emulator, url) == ([1] if when == When.AFTER else [])


@pytest.mark.parametrize(
    ("status", "title"), [(403, "403 Forbidden"), (408, "408 Request Timeout"), (499, "499 Refused")]
)
def test_such_a_page_can_have_another_status(emulator: httpx.Client, url: str, status: int, title: str) -> None:
    _set(emulator, faults=[{"fault": "bad-gateway", "status": status, "endpoint": "query"}])
    answer = _insert(emulator, url)
    assert answer.status_code == status
    assert f"<title>{title}</title>" in answer.text


def test_an_answer_can_be_deep_slow_or_large(emulator: httpx.Client, url: str) -> None:
    kinds = ("nested-json", "slow", "bomb")
    _set(emulator, faults=[{"fault": kind, "endpoint": "query", "contains": kind} for kind in kinds])
    assert emulator.post(f"{url}/query", json={"sql": "SELECT 'nested-json'"}).text == "[" * 100_000
    with emulator.stream("POST", f"{url}/query", json={"sql": "SELECT 'slow'"}) as slow:
        assert next(slow.iter_raw()) == b" "
    with emulator.stream("POST", f"{url}/query", json={"sql": "SELECT 'bomb'"}) as bomb:
        assert sum(map(len, bomb.iter_bytes())) == 128 << 20
        assert int(bomb.headers["content-length"]) < 1_000_000


_TOMORROW = "Upgrade to a paid plan or wait until tomorrow (midnight UTC) to continue."
_ACCOUNT = "Your account has exceeded D1's maximum account storage limit"
_LIMITS = {
    "timeout": (429, 7429, "D1 DB storage operation exceeded timeout which caused object to be reset."),
    "overloaded": (429, 7429, "D1 DB is overloaded. Requests queued for too long."),
    "daily-reads": (400, 7500, f"Your account has exceeded D1's free tier daily row read limit. {_TOMORROW}"),
    "daily-writes": (400, 7500, f"Your account has exceeded D1's free tier daily row write limit. {_TOMORROW}"),
    "database-full": (400, 7500, "Exceeded maximum DB size"),
    "account-full": (400, 7500, f"{_ACCOUNT}, please contact Cloudflare to raise your limit."),
    "result-too-large": (400, 7500, "Exceeded maximum query result size"),
    "other-account": (403, 7403, "The given account is not valid or is not authorized to access this service"),
}


@pytest.mark.parametrize("kind", _LIMITS)
def test_a_limit_of_the_service_has_its_text(emulator: httpx.Client, url: str, kind: str) -> None:
    _set(emulator, faults=[{"fault": kind, "endpoint": "query", "retry_after": 3}])
    answer = _insert(emulator, url)
    status, code, text = _LIMITS[kind]
    assert (answer.status_code, answer.headers["retry-after"]) == (status, "3")
    assert answer.json()["errors"] == [{"code": code, "message": text}]
    assert _rows(emulator, url) == []


@pytest.mark.parametrize(("options", "header"), [({"retry_after": 7}, "7"), ({}, None)])
def test_one_request_can_be_refused_with_or_without_a_time_to_wait(
    emulator: httpx.Client, url: str, options: dict[str, int], header: str | None
) -> None:
    _set(emulator, faults=[{"fault": "rate-limited", "endpoint": "query", **options}])
    answer = _insert(emulator, url)
    assert (answer.status_code, answer.headers.get("retry-after")) == (429, header)
    assert [error["code"] for error in answer.json()["errors"]] == [971]
    assert _rows(emulator, url) == []


@pytest.mark.parametrize("when", When)
def test_a_dropped_connection_sends_no_byte_and_leaves_the_others_open(
    emulator: httpx.Client, url: str, when: When, caplog: pytest.LogCaptureFixture
) -> None:
    _set(emulator, faults=[{"fault": "drop", "when": when, "endpoint": "query"}])
    with pytest.raises(httpx.TransportError):
        _insert(emulator, url)
    assert _rows(emulator, url) == ([1] if when == When.AFTER else [])
    assert caplog.records == []


def test_an_answer_can_be_no_json_or_a_failure_with_status_200(emulator: httpx.Client, url: str) -> None:
    _set(emulator, faults=[{"fault": "invalid-json", "nth": 1}, {"fault": "failure", "nth": 2}])
    broken = _insert(emulator, url)
    assert (broken.status_code, broken.headers["content-type"]) == (200, "application/json")
    with pytest.raises(ValueError, match="Expecting"):
        broken.json()
    failed = _insert(emulator, url)
    assert failed.status_code == 200
    assert failed.json() == {
        "result": None,
        "success": False,
        "errors": [{"code": 7500, "message": "internal error"}],
        "messages": [],
    }


def test_a_fault_hits_the_second_migration_and_no_other(emulator: httpx.Client, url: str) -> None:
    _set(emulator, faults=[{"fault": "error", "when": "after", "endpoint": "query", "contains": "INSERT", "nth": 2}])
    statuses = []
    for number in (1, 2, 3):
        emulator.get(f"{url}/time_travel/bookmark")
        emulator.post(f"{url}/query", json={"sql": "SELECT 1"})
        statuses.append(_insert(emulator, url, number).status_code)
    assert statuses == [200, 500, 200]
    assert _rows(emulator, url) == [1, 2, 3]
    [rule] = emulator.get(_CONTROL).json()["result"]["faults"]
    assert rule["seen"] == 3


def test_a_fault_hits_as_many_requests_as_its_rule_allows(emulator: httpx.Client, url: str) -> None:
    _set(emulator, faults=[{"fault": "error", "endpoint": "bookmark", "nth": 2, "times": 2}])
    statuses = [emulator.get(f"{url}/time_travel/bookmark").status_code for _ in range(5)]
    assert statuses == [200, 500, 500, 200, 200]
    _set(emulator, faults=[{"fault": "error", "endpoint": "bookmark", "times": None}])
    assert [emulator.get(f"{url}/time_travel/bookmark").status_code for _ in range(5)] == [500] * 5


def test_latency_holds_the_answer_back(emulator: httpx.Client, url: str) -> None:
    _set(emulator, latency_ms=2_000)
    with pytest.raises(httpx.ReadTimeout):
        emulator.get(url, timeout=0.2)
    _set(emulator, faults=[{"fault": "latency", "ms": 2_000, "when": "after", "endpoint": "query"}])
    with pytest.raises(httpx.ReadTimeout):
        emulator.post(f"{url}/query", json={"sql": "INSERT INTO t VALUES (1)"}, timeout=0.5)
    assert _rows(emulator, url) == [1]


def test_an_import_can_stay_active_and_then_fail(emulator: httpx.Client, url: str) -> None:
    faults = [
        {"fault": "import-active", "endpoint": "import", "contains": "poll", "times": 2},
        {"fault": "import-error", "endpoint": "import", "contains": "poll", "nth": 3},
    ]
    _set(emulator, faults=faults)
    poll = {"action": "poll", "current_bookmark": "mine"}
    answers = [emulator.post(f"{url}/import", json=poll).json()["result"] for _ in range(3)]
    assert [answer["status"] for answer in answers] == ["active", "active", "error"]
    assert {answer["at_bookmark"] for answer in answers} == {"mine"}
    assert (answers[-1]["error"], answers[-1]["errors"]) == ("internal error", ["internal error"])


def test_the_rate_limit_blocks_everything_and_returns_the_duration(emulator: httpx.Client, url: str) -> None:
    _set(emulator, rate_limit={"requests": 2})
    first, second, third, fourth = (emulator.get(url) for _ in range(4))
    assert [answer.status_code for answer in (first, second, third, fourth)] == [200, 200, 429, 429]
    assert first.headers["ratelimit"] == '"default";r=1;t=300'
    assert first.headers["ratelimit-policy"] == '"default";q=2;w=300'
    assert "retry-after" not in second.headers
    assert third.headers["retry-after"] == "300"
    assert third.json() == {
        "result": None,
        "success": False,
        "errors": [{"code": 971, "message": "Please wait and consider throttling your request speed"}],
        "messages": [],
    }
    assert _insert(emulator, url).status_code == 429
    _set(emulator)
    assert _rows(emulator, url) == []
    assert "ratelimit" not in emulator.get(url).headers


def test_the_sdk_waits_for_the_returned_time_and_succeeds(emulator: httpx.Client, url: str) -> None:
    _set(emulator, rate_limit={"requests": 1, "seconds": 1, "block_seconds": 1})
    uuid = url.rpartition("/")[2]
    base_url = f"{emulator.base_url}/client/v4"
    with Cloudflare(api_token=DEFAULT_TOKEN, base_url=base_url, max_retries=0) as impatient:
        impatient.d1.database.get(uuid, account_id=DEFAULT_ACCOUNT_ID)
        with pytest.raises(cloudflare.RateLimitError):
            impatient.d1.database.get(uuid, account_id=DEFAULT_ACCOUNT_ID)
    with Cloudflare(api_token=DEFAULT_TOKEN, base_url=base_url, max_retries=2) as patient:
        assert patient.d1.database.get(uuid, account_id=DEFAULT_ACCOUNT_ID).uuid == uuid


def test_limits_of_the_free_plan_can_be_set(emulator: httpx.Client, url: str) -> None:
    _set(emulator, max_databases=1, retention_days=7, restore_limit={"requests": 1})
    databases = url.rpartition("/")[0]
    refused = emulator.post(databases, json={"name": "second"}).json()["errors"]
    assert refused == [{"code": 7406, "message": "System limit reached: databases per account (1)"}]
    old = emulator.get(f"{url}/time_travel/bookmark", params={"timestamp": "2020-01-01T00:00:00Z"}).json()["errors"]
    assert old[0]["message"].endswith("is older than the 7 days kept")
    bookmark = emulator.get(f"{url}/time_travel/bookmark").json()["result"]["bookmark"]
    restores = [emulator.post(f"{url}/time_travel/restore", params={"bookmark": bookmark}) for _ in range(2)]
    assert [answer.status_code for answer in restores] == [200, 429]
    _set(emulator)
    assert emulator.post(f"{url}/time_travel/restore", params={"bookmark": bookmark}).status_code == 200


def test_the_first_rule_wins_and_waits_add_up() -> None:
    rules = [
        FaultRule(FaultKind.LATENCY, ms=10),
        FaultRule(FaultKind.DROP, endpoint="raw"),
        FaultRule(FaultKind.ERROR, nth=2),
        FaultRule(FaultKind.BAD_GATEWAY, nth=2, when=When.AFTER),
        FaultRule(FaultKind.LATENCY, ms=5, times=None),
    ]
    chosen, seen = select_faults(rules, (0,) * 5, "query", b"")
    assert (chosen, seen) == (RequestFaults(wait_before_ms=15), (1, 0, 1, 1, 1))
    chosen, seen = select_faults(rules, seen, "raw", b"")
    assert chosen == RequestFaults(wait_before_ms=5, before=rules[1], after=rules[3])
    assert seen == (2, 1, 2, 2, 2)
