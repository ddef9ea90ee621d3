"""17TRACK, simulated: register, gettrackinfo, pushes. Formats as in the couriers reference.

Forty numbers a call, three requests a second (429 above), codes for numbers that are wrong, known
already, not registered, or of which nothing is known yet. Pushes are signed with the key.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from local.simulators.lives import Scan
from local.simulators.memory import Registered
from local.simulators.world import Consignment, World

BATCH_SIZE = 40
REQUESTS_PER_SECOND = 3.0
BURST = 4.0
PUSH_LOOK_SECONDS = 0.25
PUSH_AGAIN_SECONDS = 2.0

BAD_NUMBER, KNOWN, NOT_REGISTERED, NOTHING_YET = -18010012, -18019901, -18019902, -18019909
BAD_KEY, TOO_MANY = -18010002, -18010014

Answer = tuple[int, bytes]


class SeventeenTrack:
    """The interface. `answer` takes a call and returns status and body."""

    def __init__(
        self, world: World, registered: Registered, key: str, now: Callable[[], datetime]
    ) -> None:
        self._world, self._registered, self._key, self._now = world, registered, key, now
        self._tokens, self._at = BURST, time.monotonic()
        self._lock = threading.Lock()
        self.throttled = 0

    def answer(self, method: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """One call of `method` (register, gettrackinfo)."""
        if not self._allowed():
            self.throttled += 1
            return 429, b'{"code":-18010429,"data":{"errors":[]}}'
        if headers.get("17token") != self._key:
            return _failure(BAD_KEY, "The access token is invalid.")
        try:
            items = [(str(item["number"]), item) for item in json.loads(body)]
        except (ValueError, TypeError, KeyError):
            return _failure(-18010010, "Submit data in the documented form.")
        if len(items) > BATCH_SIZE:
            return _failure(TOO_MANY, "The number of items exceeds 40.")
        act = {"register": self._register, "gettrackinfo": self._info}.get(method)
        if act is None:
            return 404, b"{}"
        accepted: list[dict[str, Any]] = []
        rejected: list[dict[str, Any]] = []
        for number, item in items:
            act(number, item, accepted, rejected)
        data = {"accepted": accepted, "rejected": rejected}
        return 200, json.dumps({"code": 0, "data": data}, ensure_ascii=False).encode()

    def _allowed(self) -> bool:
        with self._lock:
            now = time.monotonic()
            grown = self._tokens + (now - self._at) * REQUESTS_PER_SECOND
            self._tokens, self._at = min(BURST, grown), now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True

    def _register(
        self, number: str, item: dict[str, Any], accepted: list[Any], rejected: list[Any]
    ) -> None:
        found = self._world.find(number, self._now())
        if found is not None and not found.life.known:
            rejected.append(_rejection(number, BAD_NUMBER, "The tracking number is invalid."))
            return
        carrier, tag = str(item.get("carrier", 0)), str(item.get("tag", ""))
        if not self._registered.add(number, carrier, tag):
            rejected.append(_rejection(number, KNOWN, f"The number {number} is registered."))
            return
        accepted.append({"origin": 2, "number": number, "carrier": int(carrier), "tag": tag})

    def _info(
        self, number: str, item: dict[str, Any], accepted: list[Any], rejected: list[Any]
    ) -> None:
        del item
        known = {row[0]: row for row in self._registered.all()}
        if number not in known:
            text = f"The number {number} is not registered."
            rejected.append(_rejection(number, NOT_REGISTERED, text))
            return
        entry = self.entry(*known[number][:3])
        if entry is None:
            text = "No tracking information at this time."
            rejected.append(_rejection(number, NOTHING_YET, text))
            return
        accepted.append(entry)

    def entry(self, number: str, carrier: str, tag: str) -> dict[str, Any] | None:
        """What is known of a number; None where that is nothing."""
        found = self._world.find(number, self._now())
        scans = self.scans(found)
        if found is None or not scans:
            return None
        return {
            "number": number,
            "carrier": int(carrier),
            "tag": tag,
            "track_info": _track_info(int(carrier), scans, self._now()),
        }

    def scans(self, found: Consignment | None) -> list[tuple[datetime, Scan]]:
        """The scans of a parcel so far."""
        return [] if found is None else found.life.scans_until(found.shipped_at, self._now())


class Pusher:
    """Pushes what is new about registered numbers to `url()`, in a thread; "" means not yet."""

    def __init__(
        self,
        source: SeventeenTrack,
        world: World,
        registered: Registered,
        *,
        key: str,
        now: Callable[[], datetime],
        url: Callable[[], str],
    ) -> None:
        self._source, self._world, self._registered = source, world, registered
        self._key, self._now, self._url = key, now, url
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="17track-pushes", daemon=True)
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def start(self) -> None:
        """Begin to push."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def _run(self) -> None:
        while not self._stopping.wait(PUSH_LOOK_SECONDS):
            if self._url() and not self.push_news():
                self._stopping.wait(PUSH_AGAIN_SECONDS)

    def push_news(self) -> bool:
        """Push each number that has news. False where the receiver is not there: later again."""
        for number, carrier, tag, told in self._registered.all():
            scans = self._source.scans(self._world.find(number, self._now()))
            if len(scans) <= told:
                continue
            entry = self._source.entry(number, carrier, tag)
            if self._stopping.is_set() or not self._push(entry):
                return False
            self._registered.told(number, len(scans))
        return True

    def _push(self, entry: dict[str, Any] | None) -> bool:
        body = json.dumps({"event": "TRACKING_UPDATED", "data": entry}).encode()
        sign = hashlib.sha256(body + b"/" + self._key.encode()).hexdigest()
        request = urllib.request.Request(  # noqa: S310 - our own address on loopback
            self._url(), body, {"content-type": "application/json", "sign": sign}
        )
        try:
            with self._open(request, timeout=10.0) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def _track_info(carrier: int, scans: list[tuple[datetime, Scan]], now: datetime) -> dict[str, Any]:
    events = [_event(at, scan) for at, scan in reversed(scans)]
    sub_status = events[0]["sub_status"]
    return {
        "latest_status": {
            "status": sub_status.partition("_")[0],
            "sub_status": sub_status,
            "sub_status_descr": None,
        },
        "latest_event": events[0],
        "tracking": {
            "providers_hash": 1,
            "providers": [
                {
                    "provider": {"key": carrier},
                    "latest_sync_status": "Success",
                    "latest_sync_time": f"{now:%Y-%m-%dT%H:%M:%SZ}",
                    "events": events,
                }
            ],
        },
    }


def _event(at: datetime, scan: Scan) -> dict[str, Any]:
    stage, _, sub_status = scan.code.partition("|")
    return {
        "time_utc": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "time_iso": f"{at:%Y-%m-%dT%H:%M:%S+00:00}",
        "description": scan.text,
        "location": scan.place,
        "stage": stage or None,
        "sub_status": sub_status,
    }


def _rejection(number: str, code: int, message: str) -> dict[str, Any]:
    return {"number": number, "error": {"code": code, "message": message}}


def _failure(code: int, message: str) -> Answer:
    errors = [{"code": code, "message": message}]
    return 200, json.dumps({"code": code, "data": {"errors": errors}}).encode()
