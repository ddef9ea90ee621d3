"""Calling a handler in this process as Lambda would."""

from __future__ import annotations

import importlib
import json
import time
import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aftersales.errors import Misconfigured
from local.cloudformation import ACCOUNT, REGION
from local.template import Function


@dataclass
class Context:
    """What Lambda hands over beside the event. Time is real time, on a fast clock too."""

    function_name: str
    memory_limit_in_mb: int
    timeout_seconds: float
    function_version: str = "$LATEST"
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    log_group_name: str = ""
    log_stream_name: str = "local"
    identity: Any = None
    client_context: Any = None
    _begun: float = field(default_factory=time.monotonic)

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """What is left of the function's timeout; 0 when it is over."""
        left = self.timeout_seconds - (time.monotonic() - self._begun)
        return max(0, int(left * 1000))


@dataclass(frozen=True, slots=True)
class Run:
    """One call. `result` is what the handler returned; `error` its exception in a line, or "".

    `cause` says what it was called for ("schedule 10:00", "2 messages"); `merged` how many late
    ticks were folded into this one.
    """

    function: str
    cause: str
    request_id: str
    seconds: float
    result: Any = None
    error: str = ""
    trace: str = ""
    merged: int = 0
    over_time: bool = False

    @property
    def ok(self) -> bool:
        return not self.error


def load_handler(function: Function) -> Callable[[Any, Any], Any]:
    """The handler of a function. Raises `Misconfigured` where there is none of that name."""
    module_name, _, name = function.handler.rpartition(".")
    try:
        handler = getattr(importlib.import_module(module_name), name)
    except ModuleNotFoundError as exc:
        if exc.name is not None and (module_name + ".").startswith(exc.name + "."):
            raise Misconfigured(
                f"{function.logical_id}: there is no module {module_name}."
            ) from exc
        raise
    except AttributeError as exc:
        raise Misconfigured(f"{function.logical_id}: {module_name} has no {name}.") from exc
    if not callable(handler):
        raise Misconfigured(f"{function.logical_id}: {function.handler} is not a function.")
    found: Callable[[Any, Any], Any] = handler
    return found


def invoke(function: Function, event: Any, *, cause: str, merged: int = 0) -> Run:
    """Call the handler once. An exception becomes the `error` of the run, as on Lambda."""
    context = Context(
        function_name=function.logical_id,
        memory_limit_in_mb=function.memory_mb,
        timeout_seconds=function.timeout_seconds,
        log_group_name=f"/aws/lambda/{function.logical_id}",
    )
    begun = time.monotonic()
    result: Any = None
    error = trace = ""
    try:
        # Through JSON and back, as on the way to Lambda: what would not survive it fails here too.
        result = load_handler(function)(json.loads(json.dumps(event)), context)
        result = json.loads(json.dumps(result))
    except Misconfigured as exc:
        error = str(exc)
    except Exception as exc:  # noqa: BLE001 - the border of a foreign call; reported with its id
        error = f"{type(exc).__name__}: {exc}"
        trace = traceback.format_exc()
    seconds = time.monotonic() - begun
    return Run(
        function=function.logical_id,
        cause=cause,
        request_id=context.aws_request_id,
        seconds=seconds,
        result=result,
        error=error,
        trace=trace,
        merged=merged,
        over_time=seconds > function.timeout_seconds,
    )


def failed_items(run: Run, ids: list[str], *, partial: bool) -> set[str]:
    """Which of a batch's ids must come again.

    All after an exception. With partial batch responses those that the handler names; an answer
    that names an unknown id, or has another shape, fails the whole batch, as on AWS.
    """
    if not run.ok:
        return set(ids)
    if not partial or not run.result:
        return set()
    if not isinstance(run.result, Mapping):
        return set(ids)
    failures = run.result.get("batchItemFailures") or []
    try:
        named = {failure["itemIdentifier"] for failure in failures}
    except (TypeError, KeyError):
        return set(ids)
    return named if named <= set(ids) else set(ids)


def failure_record(function: Function, event: Any, run: Run, attempts: int) -> str:
    """What Lambda sends to the OnFailure destination of an asynchronous call, as JSON."""
    return json.dumps(
        {
            "version": "1.0",
            "requestContext": {
                "requestId": run.request_id,
                "functionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function.logical_id}",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": attempts,
            },
            "requestPayload": event,
            "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
            "responsePayload": {"errorMessage": run.error},
        },
        ensure_ascii=False,
    )
