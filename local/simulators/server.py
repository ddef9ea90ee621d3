"""One server on loopback for all simulated vendors, told apart by path."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from local.loopback import LoopbackHandler, LoopbackServer
from local.simulators.kuaidi100 import Kuaidi100
from local.simulators.robots import Robots
from local.simulators.seventeentrack import SeventeenTrack
from local.simulators.top import Top
from local.simulators.woo import Woo

BODY_LIMIT_BYTES = 1024 * 1024
WOO_API = "woo/wp-json/wc/v3/"


class Vendors:
    """The server. `url` is where base addresses begin."""

    def __init__(
        self,
        seventeentrack: SeventeenTrack,
        kuaidi100: Kuaidi100,
        robots: Robots,
        *,
        top: Top,
        woo: Woo,
    ) -> None:
        class Handler(_Handler):
            _seventeentrack, _kuaidi100, _robots = seventeentrack, kuaidi100, robots
            _top, _woo = top, woo

        self._server = LoopbackServer(0, Handler)

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
    _seventeentrack: SeventeenTrack
    _kuaidi100: Kuaidi100
    _robots: Robots
    _top: Top
    _woo: Woo

    def do_GET(self) -> None:  # noqa: N802 - named by http.server
        asked = urlsplit(self.path)
        path = asked.path.removeprefix("/")
        if not self.is_local or not path.startswith(WOO_API):
            self.reply(403 if not self.is_local else 404, b"{}")
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(asked.query))
        self.reply(*self._woo.answer(path.removeprefix(WOO_API), query, headers))

    def do_POST(self) -> None:  # noqa: N802 - named by http.server
        body = self.read_body(BODY_LIMIT_BYTES)
        if body is None:
            return
        if not self.is_local:
            self.reply(403, b"{}")
            return
        asked = urlsplit(self.path)
        vendor, _, rest = asked.path.strip("/").partition("/")
        query = dict(parse_qsl(asked.query))
        match vendor:
            case "17track":
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.reply(*self._seventeentrack.answer(rest, headers, body))
            case "kuaidi100" if rest == "poll/query.do":
                self.reply(200, self._kuaidi100.answer(body))
            case "top" if rest == "router/rest":
                self.reply(200, self._top.answer(body))
            case "dingtalk":
                self._said(*self._robots.dingtalk(query, body))
            case "wecom":
                self._said(*self._robots.wecom(query, body))
            case "slack":
                self._said(*self._robots.slack(rest, body), content_type="text/html")
            case _:
                self.reply(404, b"{}")

    def _said(self, status: int, text: str, content_type: str = "application/json") -> None:
        self.reply(status, text.encode(), content_type=content_type)
