"""AWS clients, all from one botocore session: a second client costs 3 ms, a new session 100."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from aftersales.errors import Misconfigured

if TYPE_CHECKING:
    from botocore.session import Session

CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 10
ATTEMPTS = 3

_lock = threading.Lock()
_session: Session | None = None
_clients: dict[str, Any] = {}


def session() -> Session:
    """The one botocore session of this process."""
    global _session  # noqa: PLW0603 - one per process is the point
    if _session is None:
        from botocore.session import get_session

        from aftersales.service_models import ServiceModels

        made = get_session()  # type: ignore[no-untyped-call]
        made.register_component("data_loader", ServiceModels())  # type: ignore[no-untyped-call]
        _session = made
    return _session


def region() -> str:
    """The region that the environment names."""
    named: str | None = session().get_config_variable("region")  # type: ignore[no-untyped-call]
    if not named:
        raise Misconfigured("The environment variable AWS_REGION is not set.")
    return named


def client(service: str) -> Any:
    """The one client of this process for an AWS service, with timeouts and three attempts."""
    with _lock:
        if service not in _clients:
            from botocore.config import Config

            _clients[service] = session().create_client(
                service,
                config=Config(  # type: ignore[no-untyped-call]
                    connect_timeout=CONNECT_TIMEOUT_SECONDS,
                    read_timeout=READ_TIMEOUT_SECONDS,
                    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                ),
            )
        return _clients[service]


def forget() -> None:
    """Drop the session and its clients (a new environment, in tests and the local runner)."""
    global _session  # noqa: PLW0603
    with _lock:
        _session = None
        _clients.clear()
