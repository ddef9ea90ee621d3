"""AWS clients, all from one botocore session: a second client costs 3 ms, a new session 100."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Literal, get_args

from aftersales.errors import Misconfigured

if TYPE_CHECKING:
    from botocore.session import Session

CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 10
ATTEMPTS = 3
USER_AGENT = "aftersales"

Service = Literal["dynamodb", "s3", "secretsmanager", "sns", "sqs", "ssm"]
"""What the desk calls, by botocore's names."""

HANDLED = frozenset(
    # "secrets-manager" is its other name among events; by the last four, credentials are had.
    (*get_args(Service), "secrets-manager", "sts", "sso", "sso-oidc", "signin")
)

_lock = threading.Lock()
_session: Session | None = None
_clients: dict[Service, Any] = {}


def session() -> Session:
    """The one botocore session of this process."""
    global _session  # noqa: PLW0603 - one per process is the point
    if _session is None:
        from botocore.config import Config
        from botocore.session import Session

        from aftersales.service_models import ServiceModels

        made = Session(include_builtin_handlers=False)  # type: ignore[no-untyped-call]
        made.register_component("data_loader", ServiceModels())  # type: ignore[no-untyped-call]
        # botocore would put its own together twice for each call, a tenth of the call's time.
        plain = Config(user_agent=USER_AGENT)  # type: ignore[no-untyped-call]
        made.set_default_client_config(plain)  # type: ignore[no-untyped-call]
        _register_handlers(made)
        if os.environ.get("AWS_ACCESS_KEY_ID"):
            _take_credentials_from_environment(made)
        _session = made
    return _session


def _register_handlers(made: Session) -> None:
    """Register botocore's own handlers, but for those of documentation and of other services.

    Registering one takes some 80 microseconds; six in ten of its 127 would never be called here.
    """
    from botocore.handlers import BUILTIN_HANDLERS, REGISTER_FIRST, REGISTER_LAST

    events: Any = made.get_component("event_emitter")  # type: ignore[no-untyped-call]
    places = {REGISTER_FIRST: events.register_first, REGISTER_LAST: events.register_last}
    for event, handler, *place in BUILTIN_HANDLERS:
        kind, *of = str(event).split(".")
        if kind != "docs" and (not of or of[0] in HANDLED):
            (places[place[0]] if place else events.register)(event, handler)


def _take_credentials_from_environment(made: Session) -> None:
    """Look for credentials there only: it comes first anyway, and on Lambda they are there.

    botocore would make all the other places ready as well, with an HTTP session for two of them.
    """
    from botocore.credentials import CredentialResolver, EnvProvider

    resolver = CredentialResolver([EnvProvider()])  # type: ignore[no-untyped-call]
    made.register_component("credential_provider", resolver)  # type: ignore[no-untyped-call]


def region() -> str:
    """The region that the environment names."""
    named: str | None = session().get_config_variable("region")  # type: ignore[no-untyped-call]
    if not named:
        raise Misconfigured("The environment variable AWS_REGION is not set.")
    return named


def client(service: Service) -> Any:
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
