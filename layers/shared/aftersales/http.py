"""The one way out to vendors' HTTP interfaces.

Adapters build an `HttpRequest` and judge an `HttpReply`; a `Transport` carries one to the other.
Tests and simulators replace the transport, never an adapter. No reply is judged here: a 500 is a
reply. Only what keeps a reply from coming is an error.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from msgspec import Struct, field

from aftersales.errors import OutsideFailure, Unreachable

if TYPE_CHECKING:
    import threading

    from urllib3 import PoolManager

CONNECT_TIMEOUT_SECONDS = 3.0
READ_TIMEOUT_SECONDS = 10.0
REPLY_LIMIT_BYTES = 8 * 1024 * 1024
CONNECTIONS_PER_HOST = 64
"""Kept open; more are made when needed and closed after."""
ALWAYS_SENT = {"accept-encoding": "gzip, deflate", "user-agent": "aftersales"}


class HttpRequest(Struct, frozen=True):
    """One call. `body` is sent as it is; the adapter sets the content type."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    read_timeout_seconds: float = READ_TIMEOUT_SECONDS


class HttpReply(Struct, frozen=True):
    """One answer, whatever its status. Header names are lower case."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """The body as JSON. Raises ValueError where it is not."""
        return json.loads(self.body)


class AmbiguousDelivery(Unreachable):
    """The connection failed after the request had gone out: it may have been carried out."""


class Transport(Protocol):
    """Carries one request. Raises `Unreachable` or `AmbiguousDelivery`, without the URL."""

    def __call__(self, request: HttpRequest) -> HttpReply: ...


class AtMost:
    """`Transport` with at most so many requests of another one under way at once.

    A vendor's limit counts requests, not threads: while one thread reads a reply, another one's
    request can be on its way. First come, first served (a `threading.Semaphore` is not): a sweep
    takes answers in the order of its questions, and one that is overtaken would hold up the rest.
    """

    def __init__(self, under_way: int, transport: Transport) -> None:
        import threading

        self._lock = threading.Lock()
        self._free = under_way
        self._waiting: deque[threading.Event] = deque()
        self._transport = transport

    def __call__(self, request: HttpRequest) -> HttpReply:
        self._enter()
        try:
            return self._transport(request)
        finally:
            self._leave()

    def _enter(self) -> None:
        import threading

        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait()

    def _leave(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


class PooledTransport:
    """`Transport` over urllib3: verified TLS, no redirects, bounded reply, both timeouts set.

    Safe to share between threads; connections are kept and used again. urllib3 is there with
    botocore already, while `requests` on top of it would cost each cold start a tenth more.
    """

    def __init__(self) -> None:
        import threading

        self._lock = threading.Lock()
        self._pools: PoolManager | None = None

    def _connections(self) -> PoolManager:
        with self._lock:
            if self._pools is None:
                import certifi
                from urllib3 import PoolManager

                self._pools = PoolManager(
                    maxsize=CONNECTIONS_PER_HOST,
                    cert_reqs="CERT_REQUIRED",
                    ca_certs=certifi.where(),
                    retries=False,
                )
            return self._pools

    def close(self) -> None:
        """Close the connections that are kept."""
        if self._pools is not None:
            self._pools.clear()

    def __call__(self, request: HttpRequest) -> HttpReply:
        from urllib3 import Timeout, exceptions

        host = _host(request.url)
        try:
            answer = self._connections().request(
                request.method,
                request.url,
                headers={**ALWAYS_SENT, **request.headers},
                body=request.body or None,
                timeout=Timeout(connect=CONNECT_TIMEOUT_SECONDS, read=request.read_timeout_seconds),
                redirect=False,
                retries=False,
                preload_content=False,
            )
        except (exceptions.ConnectTimeoutError, exceptions.NewConnectionError) as exc:
            raise Unreachable(f"{host} did not accept a connection") from _bare(exc)
        except exceptions.SSLError as exc:
            raise Unreachable(f"{host}: no secure connection") from _bare(exc)
        except exceptions.ReadTimeoutError as exc:
            raise AmbiguousDelivery(f"{host} did not answer in time") from _bare(exc)
        except (exceptions.ProtocolError, OSError) as exc:
            # A reset may come before or after the body went out; nobody says which.
            raise AmbiguousDelivery(f"{host}: the connection failed") from _bare(exc)
        except (exceptions.HTTPError, ValueError) as exc:
            raise OutsideFailure(f"{host}: the request could not be made") from _bare(exc)
        try:
            body = answer.read(REPLY_LIMIT_BYTES + 1, decode_content=True)
            headers = {name.lower(): value for name, value in answer.headers.items()}
        except (exceptions.HTTPError, OSError) as exc:
            answer.close()
            raise AmbiguousDelivery(f"{host}: the reply broke off") from _bare(exc)
        if len(body) > REPLY_LIMIT_BYTES:
            answer.close()
            raise OutsideFailure(f"{host} sent more than {REPLY_LIMIT_BYTES} bytes")
        answer.release_conn()
        return HttpReply(status=answer.status, body=body, headers=headers)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "?"
    except ValueError:
        return "?"


def _bare(exc: Exception) -> Exception:
    """The error without its text: urllib3 puts the URL, and so secrets, into it."""
    return RuntimeError(type(exc).__name__)
