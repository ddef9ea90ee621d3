"""What happens to a simulated parcel: a script of scans, in hours after it was shipped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan: `after` hours from shipping, in the vendor's own code.

    Kuaidi100's statusCode at home; `stage|sub_status` of 17TRACK abroad.
    """

    after: float
    code: str
    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Life:
    """A parcel's whole story. `alert_after`: when the desk should first speak; None: never."""

    name: str
    scans: tuple[Scan, ...]
    alert_after: float | None = None
    known: bool = True
    """False: the courier does not know the number, because the seller mistyped it."""

    def scans_until(self, shipped_at: datetime, now: datetime) -> list[tuple[datetime, Scan]]:
        """What the courier has told by `now`, oldest first."""
        timed = [(shipped_at + timedelta(hours=scan.after), scan) for scan in self.scans]
        return [(at.replace(microsecond=0), scan) for at, scan in timed if at <= now]
