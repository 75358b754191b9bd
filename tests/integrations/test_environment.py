"""The network settings of the environment and of the configuration, and messages if an extra is missing."""

from __future__ import annotations

import dataclasses
import gc
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from clients import CLIENTS
from clients import Outcome as Result
from faulty_server import ACCEPTED, FaultyServer
from socket_server import accepting, contexts, relay, request_from, serving

from mparticle_ext import (
    APIConnectionError,
    AsyncEventsApi,
    Batch,
    Configuration,
    ConfigurationError,
    EventsApi,
    Outcome,
)

Client = Callable[[Configuration, str, object], Result]
each_client = pytest.mark.parametrize("client", CLIENTS)
HOST = "events.example.com"  # a name that only the proxies of these tests can resolve
TUNNEL = b"HTTP/1.1 200 Connection established\r\n\r\n"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def configuration(scheme: str, host: str = HOST, **settings: Any) -> Configuration:
    made = Configuration("key", "secret", base_url=f"{scheme}://{host}/v2", allow_http=True, retry=None, deadline=10)
    return dataclasses.replace(made, **settings)


def upload(client: Client, settings: Configuration) -> None:
    response = client(settings, "upload_events", Batch("production"))
    assert isinstance(response, httpx.Response), response


@each_client
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_the_proxy_of_the_environment_is_used(variable: str, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    heads: list[bytes] = []
    with serving(accepting(heads)) as port:
        monkeypatch.setenv(variable, f"http://127.0.0.1:{port}")
        upload(client, configuration("http"))
        error = client(configuration("http", trust_env=False), "upload_events", Batch("production"))
    assert isinstance(error, APIConnectionError)
    (head,) = heads
    assert head.startswith(f"POST http://{HOST}/v2/events HTTP/1.1\r\n".encode())


@each_client
def test_https_goes_through_a_tunnel_of_https_proxy(
    client: Client, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    server_context, client_context = contexts(authority)
    heads: list[bytes] = []

    def proxy(connection: socket.socket) -> None:
        heads.append(request_from(connection))
        with socket.create_connection(("127.0.0.1", port)) as onward:
            connection.sendall(TUNNEL)
            relay(connection, onward)

    def destination(connection: socket.socket) -> None:
        with server_context.wrap_socket(connection, server_side=True) as encrypted:
            accepting([])(encrypted)

    with serving(destination) as port, serving(proxy) as proxy_port:
        monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{proxy_port}")  # without a scheme, as curl allows
        authority.issue_cert(HOST).configure_cert(server_context)
        upload(client, configuration("https", ssl_context=client_context))
    (head,) = heads
    assert head.startswith(f"CONNECT {HOST}:443 HTTP/1.1\r\n".encode())
    assert b"Authorization" not in head


@each_client
@pytest.mark.parametrize(
    ("no_proxy", "host", "is_direct"),
    [
        ("events.invalid:8443", "events.invalid:8443", True),
        ("events.invalid:8443", "events.invalid:9443", False),
        ("events.invalid:443", "events.invalid", True),
        ("invalid", "events.invalid:8443", True),
        (".invalid", "events.invalid", True),
        ("other.invalid", "events.invalid", False),
        ("*", "events.invalid", True),
    ],
)
def test_no_proxy(
    no_proxy: str, host: str, is_direct: bool, client: Client, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port}")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    error = client(configuration("https", host), "upload_events", Batch("production"))
    assert isinstance(error, APIConnectionError)
    assert (f"through the proxy http://127.0.0.1:{closed_port}" not in str(error)) == is_direct


@each_client
def test_this_machine_is_reached_without_a_proxy(
    client: Client, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port}")
    with FaultyServer() as server:
        upload(client, Configuration("key", "secret", base_url=server.url, retry=None))
    assert len(server.taken) == 1


@each_client
def test_the_certificates_of_ssl_cert_file_are_trusted(
    client: Client, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    server_context, _ = contexts(authority)
    with FaultyServer(tls=server_context) as server:
        settings = Configuration("key", "secret", base_url=server.url, retry=None)
        assert isinstance(client(settings, "upload_events", Batch("production")), APIConnectionError)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        upload(client, settings)


@each_client
def test_the_ssl_context_is_used_for_a_proxy_with_tls(client: Client, authority: trustme.CA) -> None:
    server_context, client_context = contexts(authority)
    heads: list[bytes] = []

    def proxy(connection: socket.socket) -> None:
        with server_context.wrap_socket(connection, server_side=True) as encrypted:
            accepting(heads)(encrypted)

    with serving(proxy) as port:
        settings = configuration("http", proxy=f"https://localhost:{port}", ssl_context=client_context)
        upload(client, settings)
        error = client(dataclasses.replace(settings, ssl_context=None), "upload_events", Batch("production"))
    assert isinstance(error, APIConnectionError)
    assert len(heads) == 1


@each_client
def test_https_through_a_proxy_with_tls(client: Client, authority: trustme.CA) -> None:
    server_context, client_context = contexts(authority)
    heads: list[bytes] = []

    def destination(connection: socket.socket) -> None:
        with server_context.wrap_socket(connection, server_side=True) as encrypted:
            accepting(heads)(encrypted)

    def proxy(connection: socket.socket) -> None:
        with server_context.wrap_socket(connection, server_side=True) as encrypted:
            assert request_from(encrypted).startswith(b"CONNECT ")
            with socket.create_connection(("127.0.0.1", port)) as onward:
                encrypted.sendall(TUNNEL)
                relay(encrypted, onward)

    with serving(destination) as port, serving(proxy) as proxy_port:
        address = f"localhost:{port}"
        proxy_address = f"https://localhost:{proxy_port}"
        upload(client, configuration("https", address, proxy=proxy_address, ssl_context=client_context))
    assert len(heads) == 1


@each_client
@pytest.mark.parametrize("variable", [None, "ALL_PROXY"], ids=["proxy=", "ALL_PROXY"])
def test_a_socks_proxy(variable: str | None, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[bytes] = []

    def proxy(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"\x05\x02")
        assert connection.recv(100) == b"\x01\x04user\x04pass"
        connection.sendall(b"\x01\x00")
        assert HOST.encode() in connection.recv(100), "the proxy resolves the name"
        connection.sendall(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")
        requests.append(request_from(connection))
        connection.sendall(ACCEPTED)

    with serving(proxy) as port:
        address = f"socks5://user:pass@127.0.0.1:{port}"
        if variable:
            monkeypatch.setenv(variable, address)
        upload(client, configuration("http", proxy=None if variable else address))
    assert requests[0].startswith(b"POST /v2/events HTTP/1.1\r\n")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # httpcore leaves the socket open
@each_client
@pytest.mark.parametrize("reply", [b"\x05\xff", b"HTTP/1.1 400 Bad Request\r\n\r\n"], ids=["refused", "not SOCKS"])
def test_a_socks_proxy_that_refuses_is_an_error_of_ours(reply: bytes, client: Client) -> None:
    def proxy(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(reply)

    with serving(proxy) as port:
        settings = configuration("http", proxy=f"socks5://127.0.0.1:{port}")
        error = client(settings, "upload_events", Batch("production"))
        gc.collect()  # warns of a socket that was left open
    assert isinstance(error, APIConnectionError)
    assert error.outcome is Outcome.NOT_TAKEN


@pytest.mark.parametrize(
    ("module", "settings", "message"),
    [
        ("httpx_aiohttp", {"transport": "aiohttp"}, 'pip install "mparticle-ext[aiohttp]"'),
        ("h2", {"http2": True}, 'pip install "mparticle-ext[http2]"'),
        ("socksio", {"proxy": "socks5://127.0.0.1:1"}, 'pip install "httpx[socks]"'),
    ],
)
def test_a_missing_package_is_named(
    module: str, settings: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)  # so Python says that it is not installed
    with pytest.raises(ConfigurationError) as raised:
        AsyncEventsApi(configuration("http", **settings))
    assert str(raised.value).endswith(f"needs another package: {message}")


def test_a_socks_proxy_of_the_environment_needs_its_package_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(ConfigurationError, match=r'pip install "httpx\[socks\]"'):
        EventsApi(configuration("http"))
