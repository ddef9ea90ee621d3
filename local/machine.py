"""The local ends of AWS, opened together: engine, queues, buckets, topics, tables, environment.

While a machine is open, handlers of this process find everything where their environment says.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from local import environment
from local.buckets import Buckets
from local.business_clock import BusinessClock
from local.cloud import Cloud
from local.engine import Engine
from local.queues import Queues
from local.state import State, alone
from local.tables import ensure_table
from local.template import DEFAULT_PREFIX, TEMPLATE, Template, load
from local.topics import Topics


class Machine:
    """A context manager. Holds the state folder for itself from entering to leaving.

    `clock` is made by the caller from the machine's state (`open_state`), since only some need a
    fast one. Raises `Misconfigured` where the folder is taken, or the engine or tables do not fit.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        template_path: Path = TEMPLATE,
        prefix: str = DEFAULT_PREFIX,
    ) -> None:
        self.state_dir = state_dir
        self.template = Template()
        self.engine: Engine | None = None
        self.keep_state_open = False
        """Set where threads may still use the state; the process's end closes it."""
        self._template_path = template_path
        self._prefix = prefix
        self._stack = ExitStack()

    def open_state(self) -> State:
        """Take the state folder."""
        self._stack.enter_context(alone(self.state_dir))
        self.state = State(self.state_dir)
        self._stack.callback(self._close_state)
        return self.state

    def open(self, clock: BusinessClock) -> None:
        """Start the local ends, set the environment, make the tables."""
        self.queues = Queues(self.state, ())
        self.buckets = Buckets(self.state, ())
        self.topics = Topics(self.state)
        self.topics.accepts = False  # a demonstration shows them; nobody else looks there
        cloud = Cloud(self.queues, self.buckets, self.topics)
        cloud.start()
        self._stack.callback(cloud.stop)
        self.template = load(self._template_path, prefix=self._prefix, queue_base_url=cloud.url)
        for queue in self.template.queues:
            self.queues.add(queue)
        for bucket in self.template.buckets:
            self.buckets.add(bucket)
        self.queues.release_all()
        self._enter_environment(self._engine_url(), cloud.url, clock.variable)
        client = self.client("dynamodb")
        for table in self.template.tables:
            ensure_table(client, table)

    def change_environment(self, variables: Mapping[str, str | None]) -> None:
        """Set more variables until the end (None: unset). Clients made before are dropped."""
        from aftersales.tables import connection

        self._stack.enter_context(environment.applied(variables))
        connection.forget()

    def close(self) -> None:
        """Put everything back."""
        self._stack.close()

    def client(self, service: str) -> Any:
        """A boto3 client of a local end."""
        import boto3
        from botocore.config import Config

        # The engine's shard ids are shorter than the client's own check allows.
        config = Config(parameter_validation=service != "dynamodbstreams")
        # A session of its own: the shared one must not be used by two threads at the same time.
        return boto3.Session().client(service, config=config)

    def _engine_url(self) -> str:
        if named := environment.engine_endpoint():
            return named
        engine = self.engine = Engine(self.state_dir)
        self._stack.callback(engine.stop)
        engine.start()
        return engine.endpoint

    def _enter_environment(self, engine_url: str, cloud_url: str, clock: str) -> None:
        from aftersales.tables import connection

        variables = environment.compose(
            self.template, engine_url=engine_url, cloud_url=cloud_url, clock=clock
        )
        # Nothing answers yet; reports lie as files in the state folder (local/shelf.py).
        variables |= {"REPORT_URL": "", "REPORT_PLACE": f"{self.state_dir.resolve()}/"}
        self._stack.enter_context(environment.applied(variables))
        # Connections of an earlier environment, and ours afterwards, must not be used again.
        connection.forget()
        self._stack.callback(connection.forget)

    def _close_state(self) -> None:
        if not self.keep_state_open:
            self.state.close()
