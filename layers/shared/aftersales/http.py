"""The one way out to vendors' HTTP interfaces.

Adapters build an `HttpRequest` and judge an `HttpReply`; a `Transport` carries one to the other.
Tests and simulators replace the transport, never an adapter. No reply is judged here: a 500 is a
reply. Only what keeps a reply from coming is an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from aftersales.errors import OutsideFailure, Unreachable

if TYPE_CHECKING:
    import requests

CONNECT_TIMEOUT_SECONDS = 3.0
READ_TIMEOUT_SECONDS = 10.0
REPLY_LIMIT_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One call. `body` is sent as it is; the adapter sets the content type."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    read_timeout_seconds: float = READ_TIMEOUT_SECONDS


@dataclass(frozen=True, slots=True)
class HttpReply:
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

    A vendor's limit counts requests, not threads: one that waits here can be followed by another
    thread that reads the last reply, so that reading costs the connection no time.
    """

    def __init__(self, under_way: int, transport: Transport) -> None:
        import threading

        self._turns = threading.BoundedSemaphore(under_way)
        self._transport = transport

    def __call__(self, request: HttpRequest) -> HttpReply:
        with self._turns:
            return self._transport(request)


class RequestsTransport:
    """`Transport` over `requests`: verified TLS, no redirects, bounded reply, both timeouts set.

    Safe to share between threads: each thread gets a session of its own.
    """

    def __init__(self) -> None:
        import threading

        self._local = threading.local()

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            import requests

            session = self._local.session = requests.Session()
            session.trust_env = False
        return session

    def __call__(self, request: HttpRequest) -> HttpReply:
        import requests

        host = urlsplit(request.url).hostname or "?"
        try:
            with self._session().request(
                request.method,
                request.url,
                headers=dict(request.headers),
                data=request.body,
                timeout=(CONNECT_TIMEOUT_SECONDS, request.read_timeout_seconds),
                allow_redirects=False,
                stream=True,
            ) as answer:
                body = answer.raw.read(REPLY_LIMIT_BYTES + 1, decode_content=True)
                headers = {name.lower(): value for name, value in answer.headers.items()}
                status = answer.status_code
        except requests.ConnectTimeout as exc:
            raise Unreachable(f"{host} did not accept a connection in time") from _bare(exc)
        except requests.exceptions.SSLError as exc:
            raise Unreachable(f"{host}: no secure connection") from _bare(exc)
        except requests.ReadTimeout as exc:
            raise AmbiguousDelivery(f"{host} did not answer in time") from _bare(exc)
        except requests.ConnectionError as exc:
            # A reset may come before or after the body went out; requests does not say which.
            raise AmbiguousDelivery(f"{host}: the connection failed") from _bare(exc)
        except requests.RequestException as exc:
            raise OutsideFailure(f"{host}: the request could not be made") from _bare(exc)
        except Exception as exc:
            if type(exc).__module__.startswith("urllib3"):
                raise AmbiguousDelivery(f"{host}: the reply broke off") from _bare(exc)
            raise
        if len(body) > REPLY_LIMIT_BYTES:
            raise OutsideFailure(f"{host} sent more than {REPLY_LIMIT_BYTES} bytes")
        return HttpReply(status=status, body=body, headers=headers)


def _bare(exc: Exception) -> Exception:
    """The error without its text: requests and urllib3 put the URL, and so secrets, into it."""
    return RuntimeError(type(exc).__name__)
