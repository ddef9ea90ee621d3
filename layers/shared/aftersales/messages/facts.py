"""An alert's facts, read with care, and the clock of their reader.

Facts come from many hands: numbers may be strings, times may lack a zone, anything may be missing.
Each question is answered with None where a fact cannot be used, so that no alert is held back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from aftersales.findings import Alert
from aftersales.messages.catalogue import Catalogue
from aftersales.messages.masking import mask_text

TEXT_LIMIT = 120
"""Characters of somebody else's words that are shown."""
NUMBER_LIMIT = 1_000_000_000


class Clock(Struct, frozen=True):
    """The reader's clock: `now` in the shop's zone, and how a language tells time."""

    now: datetime
    zone: tzinfo
    suffix: str
    catalogue: Catalogue

    @classmethod
    def of(cls, time_zone: str, now: datetime, catalogue: Catalogue) -> Clock:
        """The clock of `time_zone`; of UTC, and saying so, where there is no such zone."""
        zone: tzinfo
        try:
            zone, suffix = ZoneInfo(time_zone), ""
        except (ZoneInfoNotFoundError, ValueError, OSError):
            zone, suffix = UTC, " UTC"
        return cls(now.astimezone(zone), zone, suffix, catalogue)

    def moment(self, at: datetime) -> str:
        """A time in words, with its year where that is not the reader's."""
        local = at.astimezone(self.zone)
        with_year = local.year != self.now.year
        return self.catalogue.times.say(local, with_year=with_year) + self.suffix

    def length(self, time: timedelta, *, parts: int = 2) -> str:
        """A length of time in its `parts` largest units, "" below one minute."""
        return self.catalogue.times.duration(int(time / timedelta(minutes=1)), parts=parts)


class Facts(Struct, frozen=True):
    """The facts of one alert. `keep` are its own numbers, which are no phone numbers."""

    alert: Alert
    catalogue: Catalogue
    clock: Clock
    keep: tuple[str, ...]

    @classmethod
    def of(cls, alert: Alert, catalogue: Catalogue, clock: Clock) -> Facts:
        """The facts of `alert`, to be told in the words of `catalogue`."""
        waybill = str(alert.facts.get("waybill_number") or "")
        orders = str(alert.facts.get("order_ids") or "").split(",")
        keep = tuple(number.strip() for number in (waybill, *orders) if number.strip())
        return cls(alert, catalogue, clock, keep)

    def text(self, name: str) -> str | None:
        """A fact as one line, or None."""
        value = self.alert.facts.get(name)
        return " ".join(str(value).split()) or None if value is not None else None

    def masked(self, name: str, limit: int = TEXT_LIMIT) -> str | None:
        """Somebody else's words, without phone numbers and addresses, cut to a readable length."""
        text = self.text(name)
        if text is None:
            return None
        text = mask_text(text, keep=self.keep)
        return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"

    def number(self, name: str) -> int | None:
        """A fact as a whole number, or None; also for one that no clock or count can reach."""
        try:
            value = int(float(self.text(name) or ""))
        except (ValueError, OverflowError):
            return None
        return value if abs(value) < NUMBER_LIMIT else None

    def time(self, name: str) -> datetime | None:
        """A fact as an aware time, or None; also for 0001-01-01 and its like, which mean "none"."""
        try:
            at = datetime.fromisoformat(self.text(name) or "")
        except ValueError:
            return None
        if not 2000 <= at.year < 2100:
            return None
        return at if at.tzinfo else at.replace(tzinfo=UTC)

    def moment(self, name: str) -> str | None:
        """A fact that is a time, in words."""
        at = self.time(name)
        return self.clock.moment(at) if at else None

    def orders(self) -> list[str]:
        """The numbers of the orders in the parcel."""
        return [
            order.strip() for order in (self.text("order_ids") or "").split(",") if order.strip()
        ]

    def elapsed(self) -> timedelta | None:
        """How long the problem lasted when the alert was made."""
        hours = self.number("hours")
        if hours:
            return timedelta(hours=hours)
        since = self.time("since")
        return self.alert.at - since if since else None

    def word(self, name: str, vocabulary: Mapping[str, str]) -> str | None:
        """A fact out of a fixed set, in words; None for a value that is new to us."""
        return vocabulary.get(self.text(name) or "")

    def counted(self, name: str, what: str) -> str | None:
        """A fact that counts something, in words: `3 rows`."""
        number = self.number(name)
        if number is None or number <= 0:
            return None
        one, many = self.catalogue.counted[what]
        return (one if number == 1 else many).format(n=number)

    def until(self) -> str:
        """The deadline in words, with the time that is left or gone."""
        deadline = self.alert.deadline
        if deadline is None:
            return ""
        at, left = self.clock.moment(deadline), deadline - self.clock.now
        pattern = self.catalogue.time_left if left > timedelta(0) else self.catalogue.time_past
        length = self.clock.length(abs(left))
        return pattern.format(at=at, left=length) if length else at
