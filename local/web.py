"""The front door on loopback: the HTTP API's routes, and pages that other parts mount.

Routes may be reached through a tunnel (couriers must reach them); pages only from this machine.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from aftersales.clock import wall_now
from local.events import http_request
from local.invoke import Run, invoke
from local.loopback import HOST, LoopbackHandler, LoopbackServer
from local.template import Function

BODY_LIMIT_BYTES = 6 * 1024 * 1024
"""What a Lambda call can carry; the HTTP API answers 413 beyond it."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A request for a mounted page. `query` and `form` keep the last value of each name."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class PageReply:
    """The answer of a page. Header names are lower case."""

    body: str | bytes
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


Page = Callable[[PageRequest], PageReply]


@dataclass(frozen=True, slots=True)
class Match:
    """A route that fits a request, with the values of its path parameters."""

    function: Function
    route_key: str
    parameters: Mapping[str, str]


class Routes:
    """Finds the function for a request; the most specific route wins, as at the HTTP API."""

    def __init__(self, functions: tuple[Function, ...]) -> None:
        self._routes: list[tuple[tuple[int, ...], str, re.Pattern[str], Function, str]] = []
        for function in functions:
            for route in function.routes:
                is_default = route.path == "$default"
                key = "$default" if is_default else f"{route.method} {route.path}"
                pattern = re.compile(".*" if is_default else _pattern(route.path))
                rank = (2,) if is_default else (*_rank(route.path), int(route.method == "ANY"))
                self._routes.append((rank, route.method, pattern, function, key))
        self._routes.sort(key=lambda entry: entry[0])

    def match(self, method: str, path: str) -> Match | None:
        """The route for a request, or None."""
        for _, wanted, pattern, function, key in self._routes:
            found = pattern.fullmatch(path)
            if found and wanted in {method, "ANY"}:
                values = {name: unquote(value) for name, value in found.groupdict().items()}
                return Match(function, key, values)
        return None


def _pattern(path: str) -> str:
    parts = re.split(r"(\{\w+\+?\})", path)
    return "".join(
        re.escape(part)
        if not part.startswith("{")
        else f"(?P<{part[1:-2]}>.+)"
        if part.endswith("+}")
        else f"(?P<{part[1:-1]}>[^/]+)"
        for part in parts
    )


def _rank(path: str) -> tuple[int, ...]:
    """Literal parts before parameters before greedy ones, compared from the left."""
    return tuple(
        0 if not part.startswith("{") else 1 if not part.endswith("+}") else 2
        for part in path.strip("/").split("/")
    )


class Web:
    """The server. `pages` maps a path to its page; it answers for all paths below that, too."""

    def __init__(
        self,
        functions: tuple[Function, ...],
        report: Callable[[Run], None],
        *,
        pages: Mapping[str, Page],
        port: int = 0,
    ) -> None:
        class Handler(_Handler):
            _routes, _report, _pages = Routes(functions), staticmethod(report), pages

        self._server = LoopbackServer(port, Handler)

    @property
    def url(self) -> str:
        """Where it answers."""
        return self._server.url

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.stop()


class _Handler(LoopbackHandler):
    _routes: Routes
    _report: Callable[[Run], None]
    _pages: Mapping[str, Page]

    def __getattr__(self, name: str) -> Callable[[], None]:
        # http.server looks for do_<METHOD>; every method is routed alike.
        if name in {f"do_{method}" for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")}:
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        body = self.read_body(BODY_LIMIT_BYTES)
        if body is None:
            return
        asked = urlsplit(self.path)
        if match := self._routes.match(self.command, asked.path):
            self._call(match, asked.path, asked.query, body)
        elif (page := self._page(asked.path)) is None:
            self.reply(404, b'{"message":"Not Found"}')
        elif not self.is_local or not self._asked_by_own_page():
            self.reply(403, b'{"message":"Forbidden"}')
        else:
            query = dict(parse_qsl(asked.query, keep_blank_values=True))
            try:
                answer = page(PageRequest(self.command, unquote(asked.path), query, body))
            except Exception as exc:  # noqa: BLE001 - a page's fault is shown on the page
                answer = PageReply(f"{type(exc).__name__}: {exc}", 500, "text/plain; charset=utf-8")
            text = answer.body.encode() if isinstance(answer.body, str) else answer.body
            headers = {"cache-control": "no-store", **answer.headers}
            self.reply(answer.status, text, headers, content_type=answer.content_type)

    def _page(self, path: str) -> Page | None:
        for prefix in sorted(self._pages, key=len, reverse=True):
            if path == prefix or path.startswith(prefix.rstrip("/") + "/"):
                return self._pages[prefix]
        return None

    def _asked_by_own_page(self) -> bool:
        """Whether a change is asked for by our own page: another site's form names its origin."""
        origin = self.headers.get("Origin")
        if self.command in {"GET", "HEAD"} or origin is None:
            return True
        return urlsplit(origin).hostname in {HOST, "localhost"}

    def _call(self, match: Match, path: str, query: str, body: bytes) -> None:
        forwarded = self.headers.get("X-Forwarded-For", "").split(",")[0].strip()
        event = http_request(
            method=self.command,
            path=path,
            query=query,
            headers=self.headers.items(),
            body=body,
            route=match.route_key,
            path_parameters=match.parameters,
            source_ip=forwarded or self.client_address[0],
            at=wall_now(),
        )
        # The route, not the path: a path may end in a secret.
        run = invoke(match.function, event, cause=match.route_key)
        self._report(run)
        self.reply(*_answer(run))


def _answer(run: Run) -> tuple[int, bytes, dict[str, str]]:
    """What the HTTP API makes of a result, payload format 2.0."""
    result: Any = run.result
    if not run.ok:
        return 500, b'{"message":"Internal Server Error"}', {}
    if not isinstance(result, Mapping) or "statusCode" not in result:
        return 200, json.dumps(result, ensure_ascii=False).encode(), {}
    text = str(result.get("body") or "")
    body = base64.b64decode(text) if result.get("isBase64Encoded") else text.encode()
    headers = {name.lower(): str(value) for name, value in (result.get("headers") or {}).items()}
    headers.pop("content-length", None)
    if cookies := result.get("cookies"):
        headers["set-cookie"] = cookies[0]
    headers.setdefault("content-type", "text/plain;charset=utf-8")
    return int(result["statusCode"]), body, headers
