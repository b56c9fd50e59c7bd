"""The model of the service's splitter fails exactly on the texts that users report."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest

from d1_emulator.api.splitter import pieces
from d1_emulator.faults.behaviour import Behaviour
from d1_emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN, serving
from tests.support.emulator_process import import_sql, result

if TYPE_CHECKING:
    from collections.abc import Iterator

_INCOMPLETE = "incomplete input: SQLITE_ERROR"
_TABLE = "CREATE TABLE t (a);\n"
_TABLES = "".join(f"CREATE TABLE t{number} (a);\n" for number in range(5))
_TRIGGER = "CREATE TRIGGER r AFTER INSERT ON t\nBEGIN\n  UPDATE t SET a = 1;\nEND;\n"
_CASE = "CREATE TRIGGER r AFTER INSERT ON t\nBEGIN\n  SELECT CASE WHEN TRUE THEN 1 END;\nEND;\n"

_REFUSED = [
    ("CRLF (14991)", (_TABLE + _TRIGGER).replace("\n", "\r\n"), _INCOMPLETE),
    ("lower case (15314)", _TABLE + _TRIGGER.replace("BEGIN", "begin"), _INCOMPLETE),
    ("CASE (4326)", _TABLE + _CASE, _INCOMPLETE),
    ("six tables (15690)", _TABLE + _TABLES + _TRIGGER, _INCOMPLETE),
    (
        "quote in a comment (4713)",
        "-- It's here\nSELECT 1;\nSELECT 1;\n",
        "A prepared SQL statement must contain only one statement.",
    ),
    (
        "semicolon in a comment (3892)",
        "SELECT 1;\n-- comment;\nSELECT 2;\n",
        "SQL code did not contain a statement.",
    ),
]
_ACCEPTED = [
    ("LF and BEGIN in capitals", _TABLE + _TRIGGER),
    ("CASE in parentheses", _TABLE + _CASE.replace("CASE", "(CASE").replace("END;\nEND", "END);\nEND")),
    ("five tables", _TABLES + _TRIGGER.replace("ON t\n", "ON t0\n")),
    ("CRLF without a trigger", _TABLE.replace("\n", "\r\n") + "INSERT INTO t VALUES (';');"),
    ("a comment that is only words", "-- the first\nSELECT 1; /* the second */ SELECT 2; -- the end"),
    ("a quoted BEGIN", "SELECT ' BEGIN ;' AS \" BEGIN ;\", 1 AS ` BEGIN ;`; SELECT 2"),
    ("END in a name", "SELECT 1 AS WEEKEND; SELECT 2 AS end_; SELECT 3"),
]


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of an emulator with the strict splitter; paths are relative to the account's D1."""
    with (
        serving(tmp_path_factory.mktemp("strict"), behaviour=Behaviour(strict_splitter=True)) as address,
        httpx.Client(
            base_url=f"{address.base_url}/accounts/{DEFAULT_ACCOUNT_ID}/d1",
            headers={"Authorization": f"Bearer {DEFAULT_TOKEN}"},
        ) as client,
    ):
        yield client


@pytest.fixture
def url(strict: httpx.Client) -> str:
    """The path of a new, empty database."""
    return f"/database/{result(strict.post('/database', json={'name': uuid4().hex}))['uuid']}"


@pytest.mark.parametrize(("sql", "problem"), [each[1:] for each in _REFUSED], ids=[each[0] for each in _REFUSED])
@pytest.mark.parametrize("endpoint", ["query", "raw"])
def test_reported_text_fails_as_a_query_and_works_as_an_import(
    strict: httpx.Client, url: str, endpoint: str, sql: str, problem: str
) -> None:
    answer = strict.post(f"{url}/{endpoint}", json={"sql": sql})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"code": 7500, "message": problem}]
    assert result(strict.get(url))["num_tables"] == 0
    assert import_sql(strict, url, sql)["status"] == "complete"


@pytest.mark.parametrize(("sql", "problem"), [each[1:] for each in _REFUSED], ids=[each[0] for each in _REFUSED])
def test_reported_text_works_without_the_model(http: httpx.Client, database: str, sql: str, problem: str) -> None:
    answer = http.post(f"/database/{database}/query", json={"sql": sql})
    assert answer.status_code == 200, problem


@pytest.mark.parametrize("sql", [each[1] for each in _ACCEPTED], ids=[each[0] for each in _ACCEPTED])
def test_other_text_works_as_without_the_model(
    strict: httpx.Client, url: str, http: httpx.Client, database: str, sql: str
) -> None:
    modelled = result(strict.post(f"{url}/query", json={"sql": sql}))
    plain = result(http.post(f"/database/{database}/query", json={"sql": sql}))
    assert [item["results"] for item in modelled] == [item["results"] for item in plain]


def test_parameters_stay_with_their_statement(strict: httpx.Client, url: str) -> None:
    body = {"batch": [{"sql": "SELECT ? AS a;", "params": ["x"]}, {"sql": "SELECT 1 AS b; SELECT 2 AS b"}]}
    answers = result(strict.post(f"{url}/query", json=body))
    assert [item["results"] for item in answers] == [[{"a": "x"}], [{"b": 1}], [{"b": 2}]]


def test_nothing_is_lost_between_the_pieces() -> None:
    script = _TABLE + _TRIGGER + _CASE + "SELECT ';'; SELECT 1"
    assert "".join(pieces(script)) == script
    assert pieces("") == ("",)
