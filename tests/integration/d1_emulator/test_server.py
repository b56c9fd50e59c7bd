"""The server: access, unknown requests, and the command as a real process."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from d1_emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN, serving
from pulumi_d1.errors import ConfigError
from tests.support.emulator_process import exports, line, process
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def _post(http: httpx.Client, variables: Mapping[str, str], path: str, body: object) -> Any:
    url = f"{variables['CLOUDFLARE_BASE_URL']}/accounts/{variables['CLOUDFLARE_ACCOUNT_ID']}/d1/database{path}"
    headers = {"Authorization": f"Bearer {variables['CLOUDFLARE_API_TOKEN']}"}
    answer = http.post(url, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


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
def test_an_unknown_route_is_answered_in_the_envelope(
    http: httpx.Client, base_url: str, method: str, path: str, expected: tuple[int, int]
) -> None:
    answer = http.request(method, base_url + path)
    assert answer.headers["content-type"] == "application/json"
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == expected


def test_wrangler_gets_an_account_that_it_may_use(http: httpx.Client, base_url: str) -> None:
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
    with process(tmp_path) as started:
        exports(started)
        with process(tmp_path) as second:
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


_NAMES = ("127.0.0.1:{}", "localhost:{}", "LocalHost:{}", "[::1]:{}")
_OTHER_NAMES = (
    "evil.example:{}",
    "evil.example",
    "127.0.0.1",
    "localhost",
    "127.0.0.1:1",
    "127.0.0.1:{}.evil.example",
    "127.0.0.1.evil.example:{}",
    "localhost.:{}",
    "localhost:{}:{}",
    "0.0.0.0:{}",
    "::1:{}",
    "",
)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/client/v4/accounts/x/d1/database", 200), ("/emulator/faults", 200), ("/files/x", 403), ("/nothing", 404)],
)
def test_it_answers_only_to_its_own_name(http: httpx.Client, base_url: str, path: str, status: int) -> None:
    port = httpx.URL(base_url).port
    url = f"http://127.0.0.1:{port}{path}"
    for name in _NAMES:
        assert http.get(url, headers={"Host": name.format(port)}).status_code == status, name
    for name in _OTHER_NAMES:
        answer = http.get(url, headers={"Host": name.format(port, port)})
        [error] = answer.json()["errors"]
        assert (answer.status_code, error["code"]) == (421, 1003), name
        assert error["message"] == "The emulator answers only requests to 127.0.0.1, localhost and [::1], with its port"


@pytest.mark.parametrize("hosts", ["", "Host: evil.example\r\nHost: 127.0.0.1:{}\r\n"])
def test_a_request_with_no_name_or_two_is_refused(base_url: str, hosts: str) -> None:
    port = httpx.URL(base_url).port
    request = f"GET /emulator/faults HTTP/1.0\r\n{hosts.format(port)}\r\n"
    with socket.create_connection(("127.0.0.1", port or 0)) as raw:
        raw.sendall(request.encode())
        assert raw.recv(1000).split()[1] in {b"400", b"421"}


@pytest.mark.parametrize("parents", [(), ("new",)])
def test_others_on_the_machine_cannot_read_the_state_folder(tmp_path: Path, parents: tuple[str, ...]) -> None:
    state = tmp_path.joinpath(*parents, "state")
    previous = os.umask(0)
    try:
        with serving(state):
            assert stat.S_IMODE(state.stat().st_mode) == 0o700
    finally:
        os.umask(previous)


def test_it_listens_only_on_the_loopback_address(tmp_path: Path) -> None:
    with serving(tmp_path) as address, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", address.port)).close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_the_environment_and_stops_quietly(
    http: httpx.Client, tmp_path: Path, number: signal.Signals
) -> None:
    with process(tmp_path, D1_EMULATOR_TOKEN="it's mine") as started:
        variables = exports(started)
        assert set(variables) == {
            "CLOUDFLARE_BASE_URL",
            "CLOUDFLARE_API_BASE_URL",
            "CLOUDFLARE_API_TOKEN",
            "CLOUDFLARE_ACCOUNT_ID",
        }
        assert variables["CLOUDFLARE_API_TOKEN"] == "it's mine"
        assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/client/v4", variables["CLOUDFLARE_BASE_URL"])
        assert _post(http, variables, "", {"name": "x"})["name"] == "x"
        folder = os.path.relpath(tmp_path, ROOT)
        assert line(started.stderr).startswith(f"Serving {folder} at {variables['CLOUDFLARE_BASE_URL']}")
        started.send_signal(number)
        rest = started.communicate()
        assert (started.returncode, rest) == (0, ("", ""))
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"it's mine" not in path.read_bytes()
