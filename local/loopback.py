"""Small HTTP servers that listen on 127.0.0.1 and nowhere else."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aftersales.errors import Misconfigured

HOST = "127.0.0.1"
IDLE_SECONDS = 30
"""After this long without a byte a connection is closed."""


class LoopbackServer(ThreadingHTTPServer):
    """A threaded server. Its threads end with the process, and `stop` does not wait for them."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        try:
            super().__init__((HOST, port), handler)
        except OSError as exc:
            raise Misconfigured(
                f"The port {port} cannot be used: {exc.strerror}.",
                what_to_do="Another runner may be using it; choose another one with --port.",
            ) from exc
        self._thread = threading.Thread(
            target=self.serve_forever, args=(0.05,), name="loopback-server", daemon=True
        )

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self.server_address[1]}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        if self._thread.is_alive():
            self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is nothing to report."""


class LoopbackHandler(BaseHTTPRequestHandler):
    """HTTP/1.1 with replies written at once (unbuffered ones wait 40 ms for an acknowledgement)."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = IDLE_SECONDS
    server_version = "aftersales"
    sys_version = ""

    def log_message(self, *_: object) -> None:
        """Requests are reported by what they caused, not by line."""

    def handle_expect_100(self) -> bool:
        """Ask for the body at once: clients wait a second for it otherwise."""
        self.send_response_only(100)
        self.end_headers()
        self.wfile.flush()
        return True

    def version_string(self) -> str:
        return self.server_version

    @property
    def is_local(self) -> bool:
        """Whether the caller named this machine, and no proxy or tunnel stands between.

        A web page that rebinds its own name to 127.0.0.1 sends that name; a tunnel says so.
        """
        name = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        forwarded = self.headers.get("Forwarded") or self.headers.get("X-Forwarded-For")
        return name in {HOST, "localhost"} and not forwarded

    def read_body(self, limit: int) -> bytes | None:
        """The body; None after a refusal has been sent (no length, or more than `limit` bytes)."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit():
            self.close_connection = True
            self.reply(411, b'{"message":"Length Required"}')
            return None
        if int(length) > limit:
            self.close_connection = True
            self._discard(min(int(length), limit * 4))
            self.reply(413, b'{"message":"Request Entity Too Large"}')
            return None
        return self.rfile.read(int(length))

    def _discard(self, length: int) -> None:
        """Most clients read no answer before they have sent everything."""
        while length > 0 and (part := self.rfile.read(min(length, 64 * 1024))):
            length -= len(part)

    def reply(
        self,
        status: int,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        content_type: str = "application/json",
    ) -> None:
        """Send a whole answer. Header names in `headers` are lower case."""
        given = {"content-type": content_type, **(headers or {})}
        self.send_response(status)
        for name, value in given.items():
            self.send_header(name, value)
        if "content-length" not in given:
            self.send_header("content-length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()
