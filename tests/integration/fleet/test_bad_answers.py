"""Whatever one database answers, only that member fails, with its reason. All others finish."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import httpx
import pytest

from pulumi_d1.cloudflare import account, retry
from pulumi_d1.migrations import ledger
from tests.support.tenants import COUNTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.tenants import Tenants

pytestmark = pytest.mark.slow

Canned = tuple[int, dict[str, str], bytes]
_REFUSED = b'{"success": false, "result": null, "errors": [{"code": 971, "message": "Please wait"}]}'
LEDGERS = {
    "NULL": ("NULL", "the ledger d1_migrations is damaged: the row with id 7 has NULL as its name"),
    "blob": ("x'00ff'", "the ledger d1_migrations is damaged: the row with id 7 has"),
    "number": ("12.5", "migrations/12.5 is applied, but its file is gone"),
    "infinity": ("9e999", "migrations/Inf is applied, but its file is gone"),
    "nothing": ("''", "the ledger d1_migrations is damaged: the row with id 7 has an empty text as its name"),
}
ANSWERS: dict[str, tuple[Canned, str]] = {
    "nested": ((200, {}, b"[" * 100_000), "Cloudflare's answer is nested too deeply"),
    "html": ((502, {"content-type": "text/html"}, b"<html>bad gateway</html>"), "HTTP 502 without Cloudflare's error"),
    "year": ((429, {"retry-after": "Fri, 31 Dec 99999999 23:59:59 GMT"}, _REFUSED), "Please wait (code 971)"),
    "page": ((200, {"content-type": "text/html"}, b"<html>welcome</html>"), "Cloudflare's answer is not valid JSON"),
    "empty": ((200, {}, b'{"success": true, "result": [], "errors": []}'), "D1 answered HTTP 200 without a result"),
    "surrogate": ((400, {}, b'{"errors": [{"code": 7500, "message": "\\ud800\\u0000"}]}'), "HTTP 400 without"),
    "nan": ((429, {"retry-after": "nan"}, _REFUSED), "Please wait (code 971)"),
    "digits": ((429, {"retry-after": "9" * 5000}, _REFUSED), "Please wait (code 971)"),
    "later": ((429, {"retry-after": "7200"}, _REFUSED), "Please wait (code 971). Try again in 7,200 s, as Cloudflare"),
}


@contextmanager
def proxy(target: str, canned: Mapping[str, Canned]) -> Iterator[str]:
    """Pass requests on to the emulator, but those of some databases, and yield the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            answer = next((value for uuid, value in canned.items() if uuid in self.path), None)
            if answer is None:
                token = {"authorization": self.headers["authorization"]}
                real = httpx.request(self.command, f"{target}{self.path}", content=body, headers=token)
                answer = (real.status_code, {"content-type": "application/json"}, real.content)
            self.send_response(answer[0])
            for name, value in {**answer[1], "content-length": str(len(answer[2]))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer[2])

        do_POST = do_GET  # noqa: N815 - http.server's name

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_only_the_database_with_the_bad_answer_fails(tenants: Tenants, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(account, "Retry", partial(retry.Retry, patience=1))  # not eleven minutes
    tenants.create(4)
    reasons = {"bad-gone": "not found (code 7404)"}
    for name, (value, reason) in LEDGERS.items():
        database = tenants.account.create(f"bad-{name}")
        database.write(f"{ledger.create('d1_migrations')} INSERT INTO d1_migrations (id, name) VALUES (7, {value})")
        reasons[f"bad-{name}"] = reason
    gone: Canned = (404, {}, b'{"success": false, "result": null, "errors": [{"code": 7404, "message": "not found"}]}')
    canned: dict[str, Canned] = {tenants.account.create("bad-gone").database_id: gone}
    for name, (answer, reason) in ANSWERS.items():
        canned[tenants.account.create(f"bad-{name}").database_id] = answer
        reasons[f"bad-{name}"] = reason
    with proxy(tenants.project.client.base_url, canned) as address:
        monkeypatch.setenv("CLOUDFLARE_BASE_URL", address)
        plan = tenants.d1("plan", "--match", "*")
        run = tenants.fleet("up", "--match", "*", "--yes", "--max-failures", "99", code=1)
    assert plan.exit_code == 1
    assert run["count"] == {**COUNTS, "done": 4, "failed": len(reasons)}
    found = {item["database"]: item["message"] for item in run["failed"]}
    assert found.keys() == reasons.keys()
    assert {name: reason for name, reason in reasons.items() if reason not in found[name]} == {}, found
    assert all(reason in plan.stdout for reason in reasons.values()), plan.stdout
    assert "Traceback" not in plan.output + run["stderr"]
    assert not any(item["bookmark"] for item in run["failed"])
    assert tenants.logs() == {("1",)}


def test_a_row_of_a_control_database_without_a_column_is_refused(
    tenants: Tenants, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = tenants.project.create("control").database_id
    row: Canned = (
        200,
        {},
        b'{"success": true, "result": [{"success": true, "results": [{}], "meta": {}}], "errors": []}',
    )
    with proxy(tenants.project.client.base_url, {control: row}) as address:
        monkeypatch.setenv("CLOUDFLARE_BASE_URL", address)
        refused = tenants.d1("plan", "--sql", "control", "SELECT name FROM tenants")
    message = "Error: --sql control: not every row begins with a text: select names or UUIDs\n"
    assert (refused.exit_code, refused.stderr) == (1, message)


def test_case_39_the_plan_names_a_file_without_a_statement(tenants: Tenants) -> None:
    tenants.create(1)
    tenants.project.write("0002_tags.sql", "-- Migration number: 0002\n")
    done = tenants.d1("plan", "--match", "shop-tenant-*")
    assert done.exit_code == 1, done.stderr
    assert "migrations/0002_tags.sql has no statement: it would be recorded as applied" in done.stdout
