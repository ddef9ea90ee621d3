"""The folder into which people drop their files.

    <inbox>/<shop_id>/<file>           an export of orders       -> inbox/<shop_id>/<file>
    <inbox>/reviews/<shop_id>/<file>   an export of reviews      -> reviews/<shop_id>/<file>
    <inbox>/bills/<account>/<file>     a courier's bill          -> bills/<account>/<file>
    <inbox>/rates/<file>               a rate card               -> rates/<file>

A file is taken once it has stopped growing (unchanged across two looks), stored in the drop bucket
and left where it is. The same export is never taken twice for a shop. Bills and rate cards are
taken again when the runner starts: whoever checks bills knows those that it has seen, and a rate
card that was put back to what it said before counts again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local.buckets import Buckets
from local.state import State

LOOK_SECONDS = 1.0
UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".tmp", ".swp")
UNFINISHED_STARTS = (".", "~$")
REVIEWS, BILLS, RATES = "reviews", "bills", "rates"
SIZE_LIMIT_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was handed over."""

    path: Path
    shop_id: str
    key: str


class Inbox:
    """Looks at the folder whenever `look` is called. `refuse` is told of files that stay there."""

    def __init__(
        self,
        folder: Path,
        bucket: str,
        *,
        buckets: Buckets,
        state: State,
        refuse: Callable[[str], None],
    ) -> None:
        self.folder = folder
        self._bucket = bucket
        self._buckets = buckets
        self._state = state
        self._refuse = refuse
        self._seen: dict[Path, tuple[int, int]] = {}
        self._settled: dict[Path, tuple[int, int]] = {}

    def look(self) -> list[Taken]:
        """Take every file that is complete and new."""
        taken = []
        for path in self._candidates():
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            mark = (stat.st_size, stat.st_mtime_ns)
            if self._settled.get(path) == mark:
                continue
            if self._seen.get(path) != mark:
                self._seen[path] = mark
                continue
            found = self._take(path, stat.st_size)
            self._settled[path] = mark
            if found is not None:
                taken.append(found)
        return taken

    def _candidates(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        shops = [*self.folder.iterdir()]
        for name in (REVIEWS, BILLS):
            if (self.folder / name).is_dir():
                shops += (self.folder / name).iterdir()
        found = (
            path
            for shop in shops
            if shop.is_dir() and not shop.name.startswith(".")
            for path in shop.iterdir()
            if path.is_file()
            and not path.name.startswith(UNFINISHED_STARTS)
            and path.suffix.lower() not in UNFINISHED
        )
        # Rate cards first: bills beside them are checked by them.
        return sorted(found, key=lambda path: (path.parent.name != RATES, path))

    def _take(self, path: Path, size: int) -> Taken | None:
        if size > SIZE_LIMIT_BYTES:
            self._refuse(f"{path} is larger than {SIZE_LIMIT_BYTES // 1024 // 1024} MB; split it.")
            return None
        try:
            content = path.read_bytes()
        except OSError as exc:
            self._refuse(f"{path} cannot be read: {exc.strerror}.")
            return None
        shop_id, sha256 = path.parent.name, hashlib.sha256(content).hexdigest()
        key = self._key(path)
        if key.startswith((f"{BILLS}/", f"{RATES}/")):
            self._buckets.put(self._bucket, key, content)
            return Taken(path, shop_id, key)
        with self._state.transaction() as db:
            known = db.execute(
                "select 1 from taken_files where shop_id = ? and sha256 = ?", (shop_id, sha256)
            ).fetchone()
            if known:
                return None
            # One transaction: the file is taken if and only if its function will be called.
            self._buckets.put(self._bucket, key, content)
            db.execute(
                "insert into taken_files values (?, ?, ?, ?)", (shop_id, sha256, key, time.time())
            )
        return Taken(path, shop_id, key)

    def _key(self, path: Path) -> str:
        """What a file is called in the bucket."""
        shop = path.parent
        if shop in (self.folder / RATES, self.folder / BILLS):
            return f"{shop.name}/{path.name}"
        kind = shop.parent.name if shop.parent != self.folder else "inbox"
        return f"{kind}/{shop.name}/{path.name}"
