"""Failed and missing answers become one of our errors, with Cloudflare's message."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.cloudflare.client import REQUEST_SECONDS, make_client
from pulumi_d1.cloudflare.database import QueryResult, Row, connect
from pulumi_d1.cloudflare.retry import ATTEMPTS
from pulumi_d1.errors import (
    ApiError,
    ConfigError,
    LimitReached,
    NotFound,
    OutcomeUnknown,
    SqlRefused,
    TryLater,
    Unauthorized,
)

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.runner import ScriptedCloudflare, Waiting


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 7500, SqlRefused),
        (400, 7400, ApiError),
        (401, 10000, Unauthorized),
        (403, 10000, Unauthorized),
        (404, 7404, NotFound),
        (404, 7003, ApiError),
        (429, 971, TryLater),
        (500, 7500, OutcomeUnknown),
        (504, 7009, OutcomeUnknown),
    ],
)
def test_an_error_keeps_its_code_status_and_message(
    scripted: ScriptedCloudflare, failing: D1Api, status: int, code: int, kind: type[ApiError]
) -> None:
    scripted.error(status, code, "the service's message")
    with pytest.raises(ApiError, match=rf"the service's message \(code {code}\)") as error:
        failing.write("SELECT 1")
    assert type(error.value) is kind
    assert ("CLOUDFLARE_API_TOKEN needs the permission D1 Edit" in str(error.value)) is (kind is Unauthorized)
    assert (error.value.code, error.value.status) == (code, status)


def test_a_web_page_as_answer_is_an_error_without_a_traceback(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    scripted.answer(502, "<html>Bad gateway</html>", **{"content-type": "text/html"})
    with pytest.raises(OutcomeUnknown, match="HTTP 502 without Cloudflare's error format"):
        failing.write("SELECT 1")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>nginx</html>",
        "null",
        "[]",
        '{"error": "forbidden"}',
        '{"success": false}',
        '{"success": false, "errors": []}',
        '{"success": false, "errors": "no"}',
        '{"success": false, "errors": [{"message": "without a code"}]}',
        '{"success": false, "errors": [{"code": "7500", "message": "a text as code"}]}',
        '{"success": false, "errors": [{"code": true, "message": "no number"}]}',
        '{"success": true, "errors": [{"code": 7500, "message": "a success"}]}',
        "[" * 100_000,
        '{"success": false, "errors": [{"code": 7500, "message": "\\ud800"}]}',
    ],
)
@pytest.mark.parametrize(
    "status", [400, 401, 403, 404, 405, 407, 408, 409, 413, 418, 425, 429, 431, 451, 499, 500, 599]
)
def test_an_error_without_cloudflares_envelope_proves_nothing_whatever_its_status(
    scripted: ScriptedCloudflare, failing: D1Api, status: int, body: str
) -> None:
    scripted.answer(status, body)
    with pytest.raises(OutcomeUnknown, match=f"HTTP {status} without Cloudflare's error format") as caught:
        failing.write("SELECT 1")
    assert caught.value.status == status


def test_each_statement_of_a_request_has_a_result(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    result = {"results": [{"a": 1}], "success": True, "meta": {"rows_read": 7, "size_after": 4096}}
    scripted.answer(200, {"result": [result, result], "success": True, "errors": [], "messages": []})
    assert failing.query(["SELECT 1 AS a", "SELECT 1 AS a"]) == (QueryResult((Row(a=1),), 7, 4096),) * 2
    scripted.answer(200, {"result": [result], "success": True, "errors": [], "messages": []})
    with pytest.raises(OutcomeUnknown, match="D1 returned 1 results for 2 statements"):
        failing.query(["SELECT 1 AS a", "SELECT 1 AS a"])


@pytest.mark.parametrize("status", [408, 499])
def test_a_request_that_was_given_up_may_have_run(scripted: ScriptedCloudflare, failing: D1Api, status: int) -> None:
    scripted.error(status, 7500, "given up")
    with pytest.raises(OutcomeUnknown, match="given up"):
        failing.write("SELECT 1")


@pytest.mark.parametrize(
    "message",
    [
        "internal error; reference = e_abc",
        "Network connection lost.",
        "Internal error in D1 storage caused object to be reset.",
        "D1 DB storage operation exceeded timeout which caused object to be reset.",
        "D1 DB reset because its code was updated.",
        "Cannot resolve D1 DB due to transient issue on remote node.",
        "D1 DB exceeded its CPU time limit and was reset.",
        "D1 DB's isolate exceeded its memory limit and was reset.",
    ],
)
def test_a_failure_of_the_service_with_the_code_of_refused_sql_proves_nothing(
    scripted: ScriptedCloudflare, failing: D1Api, message: str
) -> None:
    scripted.error(400, 7500, message)
    with pytest.raises(OutcomeUnknown):
        failing.write("SELECT 1")


def test_refused_sql_may_quote_the_words_of_a_failure(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    scripted.error(400, 7500, "no such table: internal error: SQLITE_ERROR")
    with pytest.raises(SqlRefused):
        failing.write("SELECT 1")
    scripted.error(400, 7500, "no such column: Exceeded maximum DB size: SQLITE_ERROR")
    with pytest.raises(SqlRefused):
        failing.write("SELECT 1")


def test_after_an_answer_that_is_not_json_the_outcome_is_unknown(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    scripted.answer(200, '{"result": [')
    with pytest.raises(OutcomeUnknown, match="Cloudflare's answer is not valid JSON"):
        failing.write("SELECT 1")


def test_a_failure_reported_with_http_200_is_a_failure(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    scripted.error(200, 7500, "it failed nevertheless")
    with pytest.raises(ApiError, match="it failed nevertheless"):
        failing.write("SELECT 1")
    item = {"results": [], "success": False, "meta": {}}
    scripted.answer(200, {"result": [item], "success": True, "errors": [], "messages": []})
    with pytest.raises(ApiError, match="HTTP 200 without success"):
        failing.write("SELECT 1")


def test_after_a_lost_answer_the_outcome_is_unknown_and_a_write_is_sent_once(
    scripted: ScriptedCloudflare, failing: D1Api
) -> None:
    scripted.drop()
    with pytest.raises(OutcomeUnknown, match="no answer from Cloudflare"):
        failing.write("INSERT INTO t VALUES (1)")
    scripted.error(500, 7500, "internal error")
    with pytest.raises(OutcomeUnknown):
        failing.write("INSERT INTO t VALUES (2)")
    assert len(scripted.requests) == 2


def test_a_missing_bookmark_is_an_error(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    scripted.answer(200, {"result": {}, "success": True, "errors": [], "messages": []})
    with pytest.raises(ApiError, match="no valid Time Travel bookmark"):
        failing.bookmark()


@pytest.mark.parametrize("bookmark", ["", "a b", "a;rm -rf ~", "$(id)", "a\nb", 7, None, ["b"], "x" * 300])
def test_a_bookmark_that_no_command_should_contain_is_refused(
    scripted: ScriptedCloudflare, failing: D1Api, bookmark: object
) -> None:
    body = {"result": {"bookmark": bookmark, "previous_bookmark": bookmark}, "success": True, "errors": []}
    scripted.answer(200, body)
    with pytest.raises(ApiError, match="no valid Time Travel bookmark"):
        failing.bookmark()
    scripted.answer(200, body)
    assert failing.restore("b") == ""


def test_no_error_shows_the_token(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    scripted.error(401, 10000, "Authentication error")
    with pytest.raises(Unauthorized) as error:
        failing.write("SELECT 1")
    assert "a-token" not in repr(error.value) + str(error.value.__cause__)


def test_a_token_for_another_account_is_explained(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    message = "The given account is not valid or is not authorized to access this service"
    scripted.error(403, 7403, message)
    with pytest.raises(Unauthorized) as error:
        failing.read("SELECT 1")
    assert str(error.value) == (
        f"Cloudflare refused the API token: {message} (code 7403). CLOUDFLARE_API_TOKEN needs the permission D1 Edit "
        "in the account of CLOUDFLARE_ACCOUNT_ID: check that this is the right account"
    )


@pytest.mark.parametrize("token", ["s3cret\nrest", "s3cret rest", "s3cret\u2026"])
def test_a_token_that_a_header_cannot_contain_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(ConfigError, match="the Cloudflare API token contains") as caught:
        make_client(token)
    assert "s3cret" not in str(caught.value)


def test_a_line_end_is_not_part_of_the_token() -> None:
    assert make_client("s3cret\n").token == "s3cret"


def test_a_404_without_a_code_does_not_mean_that_the_database_is_gone(
    scripted: ScriptedCloudflare, failing: D1Api
) -> None:
    scripted.answer(404, "<html>nothing here</html>")
    with pytest.raises(ApiError, match="HTTP 404") as caught:
        failing.write("SELECT 1")
    assert not isinstance(caught.value, NotFound)


def test_an_import_whose_status_cannot_be_read_has_an_unknown_outcome(
    scripted: ScriptedCloudflare, failing: D1Api
) -> None:
    begun = {"success": True, "status": "active", "at_bookmark": "1"}
    scripted.answer(200, {"result": begun, "success": True, "errors": []})
    scripted.error(429, 971, "throttled", **{"retry-after": "9999"})
    with pytest.raises(OutcomeUnknown, match="the import started, but its status cannot be read: throttled"):
        failing.import_script("SELECT 1;")


def test_without_a_token_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN", raising=False)
    with pytest.raises(ConfigError, match="export CLOUDFLARE_API_TOKEN"):
        connect("account", "database")


def test_an_answer_is_waited_for_longer_than_the_service_lets_a_request_run() -> None:
    assert connect("account", "database", token="a-token").client.timeout == REQUEST_SECONDS > 30


def test_every_write_moves_the_bookmark(database: D1Api) -> None:
    database.write("CREATE TABLE t (id INTEGER)")
    before = database.bookmark()
    assert database.bookmark() == before
    database.write("INSERT INTO t VALUES (1)")
    assert database.bookmark() > before


def test_a_script_is_one_transaction(database: D1Api) -> None:
    with pytest.raises(ApiError, match="no such table: nowhere"):
        database.write("CREATE TABLE half (id INTEGER); INSERT INTO nowhere VALUES (1);")
    assert database.read("SELECT name FROM sqlite_master WHERE name = 'half'") == ()


def test_a_column_that_is_missing_in_a_row_is_named() -> None:
    with pytest.raises(OutcomeUnknown, match="D1 returned a row without the column 'b'"):
        Row(a=1)["b"]


@pytest.mark.parametrize(("status", "reason"), [(200, "the storage received another file"), (503, "HTTP 503")])
def test_an_upload_that_does_not_arrive_whole_is_sent_again_and_runs_nothing(
    scripted: ScriptedCloudflare, failing: D1Api, status: int, reason: str
) -> None:
    begun = {"upload_url": f"{scripted.base_url}/upload", "filename": "a.sql"}
    scripted.answer(200, {"result": begun, "success": True, "errors": [], "messages": []})
    for _ in range(ATTEMPTS):
        scripted.answer(status, "", etag='"another"')
    with pytest.raises(ApiError, match=rf"^the upload of the import failed: {reason}; nothing has run$"):
        failing.import_script("CREATE TABLE t (a);")
    assert [method for method, _, _ in scripted.requests] == ["POST", *["PUT"] * ATTEMPTS]


def step(scripted: ScriptedCloudflare, **state: object) -> None:
    """Add the answer to a step of an import or export."""
    scripted.answer(200, {"result": {"success": True, **state}, "success": True, "errors": []})


@pytest.mark.parametrize(
    ("state", "kind", "message"),
    [
        ({"errors": ["no such table: x", "and more"]}, SqlRefused, "no such table: x; and more"),
        ({"errors": [], "error": "no such table: x"}, SqlRefused, "no such table: x"),
        ({"errors": "none", "error": "no such table: x"}, SqlRefused, "no such table: x"),
        ({}, SqlRefused, "D1 gave no reason"),
        ({"error": "Exceeded maximum DB size"}, LimitReached, "Exceeded maximum DB size. Waiting does not help.*"),
        (
            {"error": "Not currently importing anything."},
            OutcomeUnknown,
            "the import ended, but its result is unknown: Not currently importing anything.",
        ),
        (
            {"error": "Network connection lost."},
            OutcomeUnknown,
            "the import failed, and its result is unknown: Network connection lost.",
        ),
    ],
)
def test_the_reason_of_a_failed_import_decides_whether_its_outcome_is_known(
    scripted: ScriptedCloudflare, failing: D1Api, state: dict[str, object], kind: type[ApiError], message: str
) -> None:
    step(scripted, status="error", **state)
    with pytest.raises(ApiError, match=f"^{message}$") as caught:
        failing.import_script("INSERT INTO x VALUES (1);")
    assert type(caught.value) is kind


def test_an_upload_without_a_name_is_not_imported(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    step(scripted, upload_url=f"{scripted.base_url}/upload")
    scripted.answer(200, "", etag=hashlib.md5(b"SELECT 1;", usedforsecurity=False).hexdigest())
    with pytest.raises(ApiError, match=r"no name for the uploaded import; nothing has run$"):
        failing.import_script("SELECT 1;")
    assert [method for method, _, _ in scripted.requests] == ["POST", "PUT"]


def test_an_export_without_an_address_is_an_error(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    step(scripted, status="complete", result={"filename": "a.sql"})
    with pytest.raises(ApiError, match="no address for the download of the export"):
        failing.export(io.BytesIO())


def test_the_end_of_an_import_is_noticed_after_half_a_second(
    scripted: ScriptedCloudflare, failing: D1Api, waiting: Waiting
) -> None:
    step(scripted, status="active", at_bookmark="b")
    step(scripted, status="complete")
    failing.import_script("SELECT 1;")
    [pause] = waiting.seconds
    assert 0 <= pause <= 0.5
