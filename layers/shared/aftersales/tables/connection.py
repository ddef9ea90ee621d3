"""One DynamoDB connection for all models.

PynamoDB makes a botocore session and client for every model class: four models cost four times the
start and 40 MB. It has no public way to share one, so this module sets the private attribute
`TableConnection.connection`, here and nowhere else; a test holds PynamoDB to it.

Tables are bound on first use: `TABLE_PREFIX` and the attribute names are all a function needs.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, ClassVar

from pynamodb.connection import Connection
from pynamodb.models import Model

from aftersales import aws
from aftersales.errors import Misconfigured

if TYPE_CHECKING:
    from pynamodb.connection import TableConnection

CONNECT_TIMEOUT_SECONDS = 1.0
READ_TIMEOUT_SECONDS = 3.0
RETRIES = 3

_lock = threading.RLock()


class _Binding:
    """A table prefix and the connection that all its tables share."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.connection = Connection(
            region=aws.region(),
            connect_timeout_seconds=CONNECT_TIMEOUT_SECONDS,
            read_timeout_seconds=READ_TIMEOUT_SECONDS,
            max_retry_attempts=RETRIES,
        )
        # PynamoDB would make a session of its own in this thread; hand it ours, and make the client
        # before any thread pool starts.
        self.connection._local.session = aws.session()
        _ = self.connection.client


_binding: _Binding | None = None


def binding() -> _Binding:
    """The current binding, made from the environment on first use."""
    global _binding  # noqa: PLW0603 - one per process is the point
    with _lock:
        if _binding is None:
            prefix = os.environ.get("TABLE_PREFIX")
            if not prefix:
                raise Misconfigured(
                    "The environment variable TABLE_PREFIX is not set.",
                    what_to_do="The template sets it; on one machine the runner does.",
                )
            _binding = _Binding(prefix)
        return _binding


def connection() -> Connection:
    """The shared PynamoDB connection, for transactions."""
    return binding().connection


def forget() -> None:
    """Drop the binding, so that the next use reads the environment again."""
    global _binding  # noqa: PLW0603
    with _lock:
        _binding = None
    aws.forget()


class Table(Model):
    """Base of all table models. A subclass names its table in `name`; its Meta stays empty."""

    class Meta:
        table_name = ""

    name: ClassVar[str]
    _bound_to: ClassVar[_Binding | None] = None

    @classmethod
    def _get_connection(cls) -> TableConnection:
        current = binding()
        with _lock:
            if cls._bound_to is not current:
                cls.Meta.table_name = f"{current.prefix}-{cls.name}"
                cls._connection = None
                own = super()._get_connection()
                meta: Any = own.get_meta_table()
                if current.connection._tables.get(meta.table_name) is None:
                    current.connection.add_meta_table(meta)
                own.connection = current.connection
                cls._bound_to = current
            assert cls._connection is not None  # noqa: S101 - set just above, for the type checker
            return cls._connection
