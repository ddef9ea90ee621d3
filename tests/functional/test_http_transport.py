"""The transport against a real server on loopback: what comes back, and how it fails."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from aftersales.errors import OutsideFailure, Unreachable
from aftersales.http import (
    REPLY_LIMIT_BYTES,
    AmbiguousDelivery,
    AtMost,
    HttpReply,
    HttpRequest,
    PooledTransport,
)


class Vendor(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    release = threading.Event()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        port = str(self.client_address[1])
        if self.path == "/echo":
            self._answer(200, body, {"X-Port": port, "X-Token": self.headers["x-token"]})
        elif self.path == "/gzip":
            self._answer(200, gzip.compress(body), {"Content-Encoding": "gzip"})
        elif self.path == "/moved":
            self._answer(302, b"", {"Location": "/echo"})
        elif self.path == "/failed":
            self._answer(503, b"busy", {"Retry-After": "7"})
        elif self.path == "/huge":
            self._answer(200, b"x" * (REPLY_LIMIT_BYTES + 1), {})
        elif self.path == "/silent":
            self.release.wait(5)
            self.close_connection = True
        elif self.path == "/cut":
            self.send_response(200)
            self.send_header("content-length", "100")
            self.end_headers()
            self.wfile.write(b"half")
            self.close_connection = True
        else:  # hang up without a word
            self.close_connection = True

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    Vendor.release.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    Vendor.release.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def transport():
    carrying = PooledTransport()
    yield carrying
    carrying.close()


def test_a_reply_comes_with_status_body_and_lower_case_headers(transport, address):
    reply = transport(HttpRequest("POST", f"{address}/echo", {"x-token": "t"}, "快件".encode()))
    assert (reply.status, reply.body.decode()) == (200, "快件")
    assert reply.headers["x-token"] == "t"


def test_a_connection_is_used_again(transport, address):
    asked = HttpRequest("POST", f"{address}/echo", {"x-token": "t"}, b"1")
    assert transport(asked).headers["x-port"] == transport(asked).headers["x-port"]


def test_a_compressed_reply_is_unpacked(transport, address):
    assert transport(HttpRequest("POST", f"{address}/gzip", {}, b"abc")).body == b"abc"


@pytest.mark.parametrize(("path", "status"), [("/moved", 302), ("/failed", 503)])
def test_every_status_is_a_reply_and_redirects_are_not_followed(transport, address, path, status):
    assert transport(HttpRequest("POST", f"{address}{path}", {}, b"1")).status == status


@pytest.mark.parametrize(
    ("path", "failure"),
    [
        ("/huge", OutsideFailure),
        ("/silent", AmbiguousDelivery),
        ("/cut", AmbiguousDelivery),
        ("/hang-up", AmbiguousDelivery),
    ],
)
def test_a_reply_that_does_not_come_is_named_without_the_address(transport, address, path, failure):
    asked = HttpRequest("POST", f"{address}{path}?access_token=secret", {}, b"1", 0.2)
    with pytest.raises(failure) as raised:
        transport(asked)
    assert "secret" not in f"{raised.value} {raised.value.__cause__!r}"


def test_a_closed_port_was_not_reached_and_nothing_was_delivered(transport):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/?key=secret"
    with pytest.raises(Unreachable) as raised:
        transport(HttpRequest("POST", url, {}, b"1"))
    assert not isinstance(raised.value, AmbiguousDelivery)
    assert "secret" not in f"{raised.value} {raised.value.__cause__!r}"


def test_a_url_that_is_none_is_a_failure_with_a_name(transport):
    with pytest.raises(OutsideFailure):
        transport(HttpRequest("POST", "http://[::1/?key=secret", {}, b"1"))


def test_no_more_requests_are_under_way_than_the_vendor_allows():
    under_way, most = 0, 0
    lock, full = threading.Lock(), threading.Barrier(2)

    def carry(request: HttpRequest) -> HttpReply:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        full.wait(5)  # passes only when two are here at once
        with lock:
            under_way -= 1
        return HttpReply(200)

    limited = AtMost(2, carry)
    threads = [threading.Thread(target=limited, args=(HttpRequest("GET", ""),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2
