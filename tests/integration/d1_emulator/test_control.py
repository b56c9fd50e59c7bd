"""The control endpoint and the equivalent options: their access, answers and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from d1_emulator.api.json_object import JsonObject
from d1_emulator.command import behaviour_of
from d1_emulator.faults.behaviour import Behaviour, ImportKind, read_behaviour
from d1_emulator.faults.control import PATH
from d1_emulator.faults.rules import FaultKind, FaultRule, When
from d1_emulator.ratelimit import API_QUOTA, RESTORE_QUOTA, Quota
from d1_emulator.server import DEFAULT_TOKEN, serving
from tests.support.emulator_process import client, exports, process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_START = Behaviour(latency_ms=1, faults=(FaultRule(FaultKind.ERROR, endpoint="raw"),))


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of an emulator that was started with its own behaviour."""
    with serving(tmp_path_factory.mktemp("control"), behaviour=_START) as address:
        headers = {"Authorization": f"Bearer {DEFAULT_TOKEN}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{address.port}", headers=headers) as client:
            yield client


def test_put_is_shown_by_get_and_delete_restores_the_start(control: httpx.Client) -> None:
    aim = {"endpoint": "query", "contains": "x", "nth": 2, "times": None}
    rule = {"fault": "drop", "when": "after", **aim, "ms": 0, "retry_after": 1, "status": 403}
    put = control.put(PATH, json={"faults": [rule], "rate_limit": {}, "strict_splitter": True})
    assert put.json()["result"] == {
        "rate_limit": {"requests": 1200, "seconds": 300, "block_seconds": 300},
        "latency_ms": 1,
        "strict_splitter": True,
        "max_databases": None,
        "retention_days": None,
        "restore_limit": None,
        "query_seconds": None,
        "max_database_mb": None,
        "imports": "transaction",
        "imports_die_ms": None,
        "null_replication": False,
        "faults": [{**rule, "seen": 0}],
        "in_progress": 0,
    }
    assert control.get(PATH).json() == put.json()
    shown = control.delete(PATH).json()["result"]
    assert [item.pop("seen") for item in shown["faults"]] == [0]
    assert shown.pop("in_progress") == 0
    assert read_behaviour(JsonObject(shown), {"raw"}, Behaviour()) == _START


def test_it_needs_the_token(control: httpx.Client) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = httpx.request(method, f"{control.base_url}{PATH}", headers={"Authorization": "Bearer wrong"})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, 10000)
    assert control.post(PATH, json={}).status_code == 405


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ([], "The request is malformed: Expected object, received array"),
        ({"fault": []}, "Invalid property: fault => Unknown; known are rate_limit, latency_ms, strict_splitter, "),
        ({"faults": {}}, "Invalid property: faults => Expected array, received object"),
        ({"faults": ["drop"]}, "Invalid property: faults[0] => Expected object, received string"),
        ({"faults": [{}]}, "Invalid property: faults[0].fault => Required"),
        ({"faults": [{"fault": "drop"}, {"fault": "flood"}]}, "Invalid property: faults[1].fault => Invalid enum"),
        ({"faults": [{"fault": "drop", "endpoint": "qery"}]}, "Invalid property: faults[0].endpoint => Invalid enum"),
        ({"faults": [{"fault": "drop", "when": "later"}]}, "Invalid property: faults[0].when => Invalid enum value."),
        ({"faults": [{"fault": "drop", "nth": 0}]}, "Invalid property: faults[0].nth => Number must be from 1 to"),
        ({"faults": [{"fault": "drop", "times": "x"}]}, "Invalid property: faults[0].times => Expected integer, rec"),
        ({"faults": [{"fault": "drop", "contains": 1}]}, "Invalid property: faults[0].contains => Expected string"),
        ({"latency_ms": 1.5}, "Invalid property: latency_ms => Expected integer, received number"),
        ({"latency_ms": 10**400}, "Invalid property: latency_ms => Number must be from 0 to 1000000000"),
        ({"rate_limit": True}, "Invalid property: rate_limit => Expected object, received boolean"),
        ({"rate_limit": {"seconds": -1}}, "Invalid property: rate_limit.seconds => Number must be from 0 to"),
        ({"rate_limit": {"minutes": 5}}, "Invalid property: rate_limit.minutes => Unknown; known are requests, sec"),
        ({"restore_limit": {"requests": None}}, "Invalid property: restore_limit.requests => Expected integer, rec"),
        ({"query_seconds": "1"}, "Invalid property: query_seconds => Expected number, received string"),
        ({"max_database_mb": 0.5}, "Invalid property: max_database_mb => Expected integer, received number"),
        ({"imports": "both"}, "Invalid property: imports => Invalid enum value. Expected 'transaction' | 'statements'"),
        ({"retention_days": 8}, "Invalid property: retention_days => Expected 7 or 30, received 8"),
        ({"strict_splitter": 1}, "Invalid property: strict_splitter => Expected boolean, received number"),
    ],
)
def test_a_bad_request_gets_one_clear_message_and_changes_nothing(
    control: httpx.Client, document: Any, problem: str
) -> None:
    before = control.get(PATH).json()
    answer = control.put(PATH, json=document)
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == (400, 7400)
    assert error["message"].startswith(problem)
    assert control.get(PATH).json() == before


def test_the_options_set_the_same_behaviour_as_the_endpoint() -> None:
    faults = ("drop when=after endpoint=query nth=2", "latency ms=5 times=null contains='a b'")
    options = {"plan": "free", "rate_limit": "", "restore_limit": "3/4.5", "latency_ms": None, "faults": faults}
    options["imports"] = "statements"
    assert behaviour_of(options) == Behaviour(
        rate_limit=API_QUOTA,
        max_databases=10,
        max_database_mb=500,
        retention_days=7,
        restore_limit=Quota(3, 4.5),
        imports=ImportKind.STATEMENTS,
        faults=(
            FaultRule(FaultKind.DROP, When.AFTER, "query", nth=2),
            FaultRule(FaultKind.LATENCY, contains="a b", times=None, ms=5),
        ),
    )
    assert behaviour_of({"plan": "free", "max_databases": 3, "restore_limit": ""}) == Behaviour(
        max_databases=3, max_database_mb=500, retention_days=7, restore_limit=RESTORE_QUOTA
    )
    assert behaviour_of({"plan": "paid", "faults": ()}) == Behaviour()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--fault", ""), "faults[0].fault => Invalid enum value. Expected 'latency' | 'error'"),
        (("--fault", "drop nht=2"), "faults[0].nht => Unknown; known are fault, when, endpoint"),
        (("--fault", "drop contains='x"), "No closing quotation"),
        (("--rate-limit", "5/x"), "rate_limit.seconds => Expected number, received string"),
        (("--retention-days", "8"), "retention_days => Expected 7 or 30, received 8"),
    ],
)
def test_a_bad_option_gets_one_clear_message(tmp_path: Path, options: tuple[str, ...], problem: str) -> None:
    with process(tmp_path / "state", *options) as started:
        _, text = started.communicate()
        assert started.returncode == 1
    assert text.startswith("Error: the options of the emulator have a mistake: ")
    assert problem in text
    assert text.count("\n") == 1
    assert not (tmp_path / "state").exists()


def test_the_command_behaves_according_to_its_options(tmp_path: Path) -> None:
    options = ("--max-databases", "1", "--rate-limit", "5/60/60", "--strict-splitter", "--fault", "error endpoint=get")
    with process(tmp_path, *options) as started, client(exports(started)) as http:
        uuid = http.post("/database", json={"name": "one"}).json()["result"]["uuid"]
        assert http.post("/database", json={"name": "two"}).json()["errors"][0]["code"] == 7406
        assert [http.get(f"/database/{uuid}").status_code for _ in range(2)] == [500, 200]
        trigger = "CREATE TRIGGER r AFTER INSERT ON t begin SELECT 1; END;"
        answer = http.post(f"/database/{uuid}/query", json={"sql": f"CREATE TABLE t (a); {trigger}"})
        assert answer.json()["errors"] == [{"code": 7500, "message": "incomplete input: SQLITE_ERROR"}]
        assert http.get("/database").status_code == 429
