"""The server: who may ask, what an unknown question gets, and the command as a real process."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import httpx
import pytest

from emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN, serving
from infra.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_COMMAND = (sys.executable, "-c", "from emulator.command import emulator; emulator()")
_ROOT = Path(__file__).parents[2]


def _line(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline()


@contextmanager
def _process(state: Path, *options: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """`d1 emulator` as a process, which is killed at the end if it still runs."""
    with subprocess.Popen(
        [*_COMMAND, "--port", "0", "--state", str(state), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
        env={**os.environ, **environ},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _exports(process: subprocess.Popen[str]) -> dict[str, str]:
    """The four variables that the process prints once it serves."""
    words = [shlex.split(_line(process.stdout)) for _ in range(4)]
    assert all(export == "export" for export, _ in words)
    return dict(word.split("=", 1) for _, word in words)


def _post(http: httpx.Client, variables: Mapping[str, str], path: str, body: object) -> Any:
    url = f"{variables['CLOUDFLARE_BASE_URL']}/accounts/{variables['CLOUDFLARE_ACCOUNT_ID']}/d1/database{path}"
    headers = {"Authorization": f"Bearer {variables['CLOUDFLARE_API_TOKEN']}"}
    answer = http.post(url, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def _write_until_killed(http: httpx.Client, variables: Mapping[str, str], uuid: str, first: int) -> int:
    """Write rows in pairs, numbered from `first`. Returns how many pairs were acknowledged."""
    for number in count(first):
        rows = f"({number}, 1); INSERT INTO t VALUES ({number}, zeroblob(9000))"
        try:
            _post(http, variables, f"/{uuid}/query", {"sql": f"INSERT INTO t VALUES {rows}"})
        except httpx.TransportError:
            return number - first
    raise AssertionError


@pytest.mark.parametrize(
    ("headers", "status", "code", "text"),
    [
        ({}, 400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers"),
        ({"Authorization": "Bearer wrong"}, 401, 10000, "Authentication error"),
        ({"Authorization": DEFAULT_TOKEN}, 401, 10000, "Authentication error"),
        ({"X-Auth-Key": "k", "X-Auth-Email": "e"}, 401, 10000, "Authentication error"),
    ],
)
def test_a_request_without_the_token_gets_nothing(
    base_url: str, headers: dict[str, str], status: int, code: int, text: str
) -> None:
    answer = httpx.get(f"{base_url}/accounts/{DEFAULT_ACCOUNT_ID}/d1/database", headers=headers)
    assert (answer.status_code, answer.json()["errors"]) == (status, [{"code": code, "message": text}])


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/nothing", (404, 7003)),
        ("POST", "/graph", (404, 7003)),
        ("GET", "/../../etc/passwd", (404, 7003)),
        ("GET", "/accounts/x/d1/database/", (404, 7003)),
        ("GET", "/accounts/%2e%2e/d1/database", (404, 7003)),
        ("GET", f"/accounts/{'a' * 33}/d1/database", (404, 7003)),
        ("DELETE", "/accounts/x/d1/database", (405, 7001)),
    ],
)
def test_what_is_no_route_is_answered_in_the_envelope(
    http: httpx.Client, base_url: str, method: str, path: str, expected: tuple[int, int]
) -> None:
    answer = http.request(method, base_url + path)
    assert answer.headers["content-type"] == "application/json"
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == expected


def test_wrangler_learns_of_an_account_that_it_may_use(http: httpx.Client, base_url: str) -> None:
    accounts, memberships, token = (
        http.get(f"{base_url}/{path}").json()["result"]
        for path in ("accounts?page=1", "memberships?page=1", "user/tokens/verify")
    )
    assert [account["id"] for account in accounts] == [DEFAULT_ACCOUNT_ID]
    assert [membership["account"]["id"] for membership in memberships] == [DEFAULT_ACCOUNT_ID]
    assert token["status"] == "active"


def test_a_mistake_of_the_emulators_own_is_logged_and_answered(
    http: httpx.Client, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(tmp_path, token="secret-token") as address:
        variables = {
            "CLOUDFLARE_BASE_URL": address.base_url,
            "CLOUDFLARE_ACCOUNT_ID": "a",
            "CLOUDFLARE_API_TOKEN": "secret-token",
        }
        uuid = _post(http, variables, "", {"name": "x"})["uuid"]
    (tmp_path / "a" / uuid / "segments" / "00000001.sqlite").unlink()
    with serving(tmp_path, token="secret-token") as address:
        url = f"{address.base_url}/accounts/a/d1/database/{uuid}"
        answer = httpx.get(url, headers={"Authorization": "Bearer secret-token"})
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == (500, 7500)
    reference = re.fullmatch(r"internal error; reference = (e_[0-9a-f]+)", error["message"])
    assert reference is not None
    assert reference[1] in caplog.text
    assert "CantOpenError" in caplog.text
    assert "secret-token" not in caplog.text


def test_a_state_folder_has_one_server_at_a_time(tmp_path: Path) -> None:
    with (
        serving(tmp_path),
        pytest.raises(ConfigError, match=f"another emulator serves the state folder {tmp_path}"),
        serving(tmp_path),
    ):
        pass
    with _process(tmp_path) as process:
        _exports(process)
        with _process(tmp_path) as second:
            assert second.wait() == 1
            error = second.stderr.read() if second.stderr else ""
    assert error.splitlines() == [
        f"Error: another emulator serves the state folder {tmp_path}; stop that one, or choose another folder"
    ]


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} on 127.0.0.1"), serving(tmp_path, port=port):
            pass


def test_it_listens_on_the_loopback_address_alone(tmp_path: Path) -> None:
    with serving(tmp_path) as address, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", address.port)).close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_the_environment_and_stops_quietly(
    http: httpx.Client, tmp_path: Path, number: signal.Signals
) -> None:
    with _process(tmp_path, D1_EMULATOR_TOKEN="it's mine") as process:
        variables = _exports(process)
        assert set(variables) == {
            "CLOUDFLARE_BASE_URL",
            "CLOUDFLARE_API_BASE_URL",
            "CLOUDFLARE_API_TOKEN",
            "CLOUDFLARE_ACCOUNT_ID",
        }
        assert variables["CLOUDFLARE_API_TOKEN"] == "it's mine"
        assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/client/v4", variables["CLOUDFLARE_BASE_URL"])
        assert _post(http, variables, "", {"name": "x"})["name"] == "x"
        assert _line(process.stderr).startswith(f"Serving {tmp_path} at {variables['CLOUDFLARE_BASE_URL']}")
        process.send_signal(number)
        rest = process.communicate()
        assert (process.returncode, rest) == (0, ("", ""))
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"it's mine" not in path.read_bytes()


def test_a_kill_loses_no_acknowledged_write_and_keeps_no_half(http: httpx.Client, tmp_path: Path) -> None:
    with _process(tmp_path) as process:
        variables = _exports(process)
        uuid = _post(http, variables, "", {"name": "x"})["uuid"]
        _post(http, variables, f"/{uuid}/query", {"sql": "CREATE TABLE t (a, b)"})
    acknowledged = 0
    for seconds in (0.1, 0.2, 0.3):
        with _process(tmp_path) as process:
            variables = _exports(process)
            [found] = _post(http, variables, f"/{uuid}/query", {"sql": "SELECT count(*) AS n FROM t GROUP BY a"})
            # Two rows for each request that was answered, and perhaps for the one that the kill cut off.
            assert [row["n"] for row in found["results"]] == [2] * len(found["results"])
            assert len(found["results"]) in {acknowledged, acknowledged + 1}
            acknowledged = len(found["results"])
            killer = threading.Timer(seconds, process.kill)
            killer.start()
            acknowledged += _write_until_killed(http, variables, uuid, acknowledged)
            killer.join()
    assert acknowledged > 0


def test_more_databases_than_file_descriptors_are_served(http: httpx.Client, tmp_path: Path) -> None:
    limited = ("sh", "-c", 'ulimit -n 512; exec "$@"', "sh", *_COMMAND, "--port", "0", "--state", str(tmp_path))
    with subprocess.Popen(limited, stdout=subprocess.PIPE, text=True, cwd=_ROOT) as process:
        try:
            variables = _exports(process)
            uuids = [_post(http, variables, "", {"name": f"db-{number}"})["uuid"] for number in range(250)]
            for uuid in uuids:
                _post(http, variables, f"/{uuid}/query", {"sql": "CREATE TABLE t (a)"})
            assert _post(http, variables, f"/{uuids[0]}/query", {"sql": "SELECT * FROM t"})[0]["results"] == []
        finally:
            process.kill()
