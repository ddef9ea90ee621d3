"""Files dropped into the inbox folder: taken when complete, once, and left where they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.buckets import Buckets
from local.inbox import SIZE_LIMIT_BYTES, Inbox
from local.state import State


class Drop:
    """An inbox, with the keys that were put and what was refused."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "inbox"
        (self.folder / "lan").mkdir(parents=True, exist_ok=True)
        self.state = State(folder / "state")
        self.buckets = Buckets(self.state, ["drop"])
        self.put: list[str] = []
        self.refused: list[str] = []
        self.buckets.on_created = lambda stored: self.put.append(stored.key)
        self.inbox = Inbox(
            self.folder,
            "drop",
            buckets=self.buckets,
            state=self.state,
            refuse=self.refused.append,
        )

    def write(self, name: str, content: str) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, "utf-8")

    def look(self, times: int = 2) -> list[str]:
        """Look, and return the keys that were put meanwhile."""
        self.put.clear()
        for _ in range(times):
            self.inbox.look()
        return list(self.put)


@pytest.fixture
def drop(tmp_path: Path) -> Iterator[Drop]:
    made = Drop(tmp_path)
    yield made
    made.state.close()


def test_a_file_is_taken_when_it_has_stopped_growing(drop: Drop) -> None:
    drop.write("lan/七月 订单.csv", "订单号\n1\n")
    assert drop.look(1) == []
    drop.write("lan/七月 订单.csv", "订单号\n1\n2\n")
    assert drop.look(1) == []
    assert drop.look(1) == ["inbox/lan/七月 订单.csv"]
    assert drop.buckets.content("drop", "inbox/lan/七月 订单.csv") == "订单号\n1\n2\n".encode()
    assert (drop.folder / "lan/七月 订单.csv").exists()


def test_a_file_is_taken_once(drop: Drop) -> None:
    drop.write("lan/a.csv", "x")
    assert drop.look(5) == ["inbox/lan/a.csv"]


def test_the_same_content_is_another_matter_in_another_shop_only(drop: Drop) -> None:
    for name in ("lan/a.csv", "lan/copy of a.csv", "mei/a.csv"):
        drop.write(name, "x")
    assert drop.look() == ["inbox/lan/a.csv", "inbox/mei/a.csv"]


def test_a_changed_file_is_taken_again(drop: Drop) -> None:
    drop.write("lan/a.csv", "x")
    drop.look()
    drop.write("lan/a.csv", "changed")
    assert drop.look() == ["inbox/lan/a.csv"]


def test_a_restart_does_not_repeat_a_file(drop: Drop, tmp_path: Path) -> None:
    drop.write("lan/a.csv", "x")
    drop.look()
    again = Drop(tmp_path)
    assert again.look() == []
    again.state.close()


def test_what_fails_halfway_is_taken_at_the_next_start(drop: Drop, tmp_path: Path) -> None:
    def broken(_: object) -> None:
        raise OSError("disk full")

    drop.write("lan/a.csv", "x")
    drop.inbox.look()
    drop.buckets.on_created = broken
    with pytest.raises(OSError, match="disk full"):
        drop.inbox.look()
    again = Drop(tmp_path)
    assert again.look() == ["inbox/lan/a.csv"]
    again.state.close()


@pytest.mark.parametrize(
    "name",
    ["lan/.a.csv", "lan/~$a.xlsx", "lan/a.csv.part", "lan/A.CRDOWNLOAD", ".git/a.csv", "a.csv"],
)
def test_unfinished_and_foreign_files_stay_untouched(drop: Drop, name: str) -> None:
    drop.write(name, "x")
    assert drop.look() == []


def test_a_file_that_is_too_large_is_named_once(drop: Drop) -> None:
    with (drop.folder / "lan/huge.csv").open("wb") as huge:
        huge.truncate(SIZE_LIMIT_BYTES + 1)
    assert drop.look(4) == []
    assert len(drop.refused) == 1
    assert "huge.csv is larger than 256 MB" in drop.refused[0]


def test_a_folder_that_is_not_there_yet_is_nothing(drop: Drop, tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "later", "drop", buckets=drop.buckets, state=drop.state, refuse=print)
    assert inbox.look() == []


def test_bills_and_rate_cards_have_folders_of_their_own(drop: Drop) -> None:
    drop.write("bills/readme.txt", "")
    (drop.folder / "bills" / "sto").mkdir()
    drop.write("bills/sto/10.csv", "运单号\n")
    drop.write("rates/2026.csv", "courier\n")
    assert drop.look() == ["rates/2026.csv", "bills/readme.txt", "bills/sto/10.csv"]


def test_a_rate_card_that_is_put_back_to_what_it_said_before_counts_again(drop: Drop) -> None:
    for content in ("courier,1\n", "courier,22\n", "courier,1\n"):
        drop.write("rates/2026.csv", content)
        assert drop.look() == ["rates/2026.csv"]
    assert drop.buckets.content("drop", "rates/2026.csv") == b"courier,1\n"
