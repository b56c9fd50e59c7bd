"""Company networks: a proxy with a password, a certificate of the company's own, and hosts without the proxy."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_d1.cloudflare.client import make_client
from pulumi_d1.cloudflare.database import D1Api
from pulumi_d1.errors import ConfigError, NoConnection, NotSent
from tests.support.connect_proxy import proxy_process
from tests.support.raw_server import COMPANY_CERTIFICATE, http_answer, raw_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.runner import Waiting

BOOKMARK = b'{"result": {"bookmark": "b"}, "success": true, "errors": []}'
PASSWORD = "p@ss:w/rd\u00fc"
QUOTED = "p%40ss%3Aw%2Frd%C3%BC"


HOST = "api.cloudflare.test"


@pytest.fixture(autouse=True)
def names_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let HOST be this machine. No proxy is used for localhost."""
    resolve = socket.getaddrinfo

    def resolve_host(host: Any, *arguments: Any, **options: Any) -> Any:
        return resolve("127.0.0.1" if host == HOST else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve_host)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def cloudflare() -> Iterator[str]:
    """Return the address of a TLS server whose certificate only the company trusts."""

    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(http_answer(BOOKMARK))

    with raw_server(answer, tls=True) as port:
        yield f"https://{HOST}:{port}"


def api(address: str, waiting: Waiting) -> D1Api:
    return D1Api(make_client("a-token", base_url=address), "account", "database", waiting.retry)


def test_a_proxy_with_a_password_is_used_and_the_companys_certificate_is_trusted(
    cloudflare: str, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(COMPANY_CERTIFICATE))
    with proxy_process(f"user:{PASSWORD}") as proxy:
        monkeypatch.setenv("https_proxy", f"http://user:{QUOTED}@127.0.0.1:{proxy.port}")
        assert api(cloudflare, waiting).bookmark() == "b"
        assert proxy.stop() == [f"CONNECT {cloudflare.removeprefix('https://')} allowed"]
    assert waiting.seconds == []


@pytest.mark.parametrize("user", ["", "user:wrong-passw0rd@", "user@"])
def test_a_refused_password_is_the_proxys_answer_and_is_not_shown(
    cloudflare: str, waiting: Waiting, monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    with proxy_process(f"user:{PASSWORD}") as proxy:
        monkeypatch.setenv("https_proxy", f"http://{user}127.0.0.1:{proxy.port}")
        with pytest.raises(NotSent) as caught:
            api(cloudflare, waiting).bookmark()
        assert len(proxy.stop()) == 1, "it is not requested again"
    assert str(caught.value) == (
        f"nothing was sent: the proxy 127.0.0.1:{proxy.port}, not Cloudflare, refused the user name or password "
        "(HTTP 407). Set https_proxy to http://USER:PASSWORD@HOST:PORT, with special characters of the password as %XX"
    )
    assert not isinstance(caught.value, NoConnection)
    assert "passw0rd" not in repr(caught.value.__cause__)


def test_a_refused_password_of_a_plain_request_is_the_proxys_answer_too(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy_process("user:password") as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(NotSent, match=r"the proxy 127\.0\.0\.1:[0-9]+, not Cloudflare, refused the user name"):
            api("http://api.invalid", waiting).write("SELECT 1")
        assert proxy.stop() == [
            "POST http://api.invalid/accounts/account/d1/database/database/query refused",
        ]


@pytest.mark.parametrize("status", ["403 Forbidden", "502 Bad Gateway"])
def test_a_proxy_that_refuses_the_connection_is_named(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    with raw_server(lambda connection, _: connection.sendall(http_answer(b"", status=status))) as port:
        monkeypatch.setenv("https_proxy", f"127.0.0.1:{port}")
        message = rf"the proxy 127\.0\.0\.1:{port}, not Cloudflare, refused the connection \(HTTP {status[:3]}\)"
        with pytest.raises(NotSent, match=message) as caught:
            api("https://api.invalid", waiting).write("SELECT 1")
    assert isinstance(caught.value, NoConnection) is (status[:3] == "502")


@pytest.mark.parametrize(
    "no_proxy", ["api.cloudflare.test", "*", ".example.com, .cloudflare.test", "api.cloudflare.test:{port}"]
)
def test_hosts_in_no_proxy_are_connected_to_directly(
    cloudflare: str, waiting: Waiting, monkeypatch: pytest.MonkeyPatch, no_proxy: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(COMPANY_CERTIFICATE))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with pytest.raises(NoConnection, match=r"nothing was sent"):
        api(cloudflare, waiting).bookmark()
    monkeypatch.setenv("NO_PROXY", no_proxy.format(port=cloudflare.rpartition(":")[2]))
    assert api(cloudflare, waiting).bookmark() == "b"


def test_no_proxy_counts_for_the_addresses_of_files_too(
    cloudflare: str, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with raw_server(lambda connection, _: connection.sendall(http_answer(b"SELECT 1;"))) as port:
        client = make_client("a-token", base_url=cloudflare)
        assert b"".join(client.download(f"http://127.0.0.1:{port}/file")) == b"SELECT 1;"
    with pytest.raises(NoConnection):
        api(cloudflare, waiting).bookmark()


def test_an_unknown_certificate_is_refused_with_the_variable_to_set(cloudflare: str, waiting: Waiting) -> None:
    with pytest.raises(
        NotSent, match=r"the certificate of api\.cloudflare\.test is not trusted \(unable to get"
    ) as caught:
        api(cloudflare, waiting).write("SELECT 1")
    assert "set SSL_CERT_FILE to a file with its certificate" in str(caught.value)
    assert not isinstance(caught.value, NoConnection)


@pytest.mark.parametrize(
    "proxy",
    [
        "http://",
        "socks5://user:s3cret@host:1080",
        "http://user:s3cret@host:port",
        "http://user:s3cret@[::1",
        "http://user:s3cret@:8080",
    ],
)
def test_a_malformed_proxy_is_refused_without_its_password(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(ConfigError, match="the proxy in https_proxy, http_proxy or all_proxy is malformed") as caught:
        make_client("a-token", base_url="https://api.invalid").call("GET", "/")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.9.9.9"])
def test_this_machine_is_reached_without_a_proxy(waiting: Waiting, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.1:9")
    with raw_server(lambda connection, _: connection.sendall(http_answer(BOOKMARK))) as port:
        if host == "127.9.9.9":
            with pytest.raises(NoConnection, match=r"no connection to 127\.9\.9\.9"):
                api(f"http://{host}:{port}", waiting).write("SELECT 1")
        else:
            assert api(f"http://{host}:{port}", waiting).bookmark() == "b"


def test_an_unreachable_address_names_the_proxy_and_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", "http://127.0.0.1:9/client/v4/")
    with pytest.raises(NoConnection) as direct:
        make_client("a-token").call("GET", "/")
    assert str(direct.value) == (
        "no connection to 127.0.0.1:9 (CLOUDFLARE_BASE_URL), nothing was sent: Connection refused"
    )
    monkeypatch.setenv("https_proxy", "http://user:s3cret@127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(NoConnection) as behind:
        make_client("a-token", base_url="https://api.invalid").call("GET", "/")
    assert str(behind.value) == (
        "no connection to api.invalid through the proxy 127.0.0.1:9 (https_proxy, http_proxy or all_proxy), "
        "nothing was sent: Connection refused"
    )
