"""The `reviews` table on the real engine: one item per review, written against its version."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from aftersales.review_records import Outcome, ReviewRecord, Said, Verdict, as_review
from aftersales.tables import reviews
from aftersales.tables.reviews import Kept, Places
from tests.conftest import Tables

NOW = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
EXPIRES = NOW + timedelta(days=400)
SAID = Said("杯盖漏水，装进包里全湿了，联系客服两天没人理")
PLACES = Places(month="2026-11", copy_key="c0ffee")


def a_record(**changed: object) -> ReviewRecord:
    record = ReviewRecord(
        "tb1",
        "8800000000001:buyer",
        NOW,
        NOW,
        rating=1,
        verdict=Verdict(3.25, "negative", topics=("quality",)),
        order_id="2605170000001",
        product_id="p1",
        product_title="青禾 保温杯 500ml 便携随行杯",
        buyer="t***7",
        buyer_key="5f1d7a84db00d2fc",
        content_hash="a" * 16,
        text_hash="b" * 16,
        marks=("bad_review:warn",),
    )
    return replace(record, **changed)  # type: ignore[arg-type]


def stored(record: ReviewRecord | None = None, places: Places = PLACES) -> Kept:
    record = record or a_record()
    assert reviews.write(reviews.get("tb1", record.review_id), record, SAID, places, EXPIRES)
    kept = reviews.get("tb1", record.review_id)
    assert kept is not None
    return kept


def test_a_review_is_read_as_it_was_written(tables: Tables) -> None:
    kept = stored()
    assert (kept.record, kept.said, kept.version) == (a_record(), SAID, 1)
    assert reviews.get_all("tb1", ["8800000000001:buyer", "other"]) == {"8800000000001:buyer": kept}
    assert as_review(kept.record, kept.said).text == SAID.text


def test_a_write_over_an_older_version_is_refused(tables: Tables) -> None:
    kept = stored()
    assert not reviews.write(None, a_record(), SAID, PLACES, EXPIRES)
    assert reviews.write(kept, a_record(rating=5), SAID, PLACES, EXPIRES)
    assert not reviews.write(kept, a_record(rating=3), SAID, PLACES, EXPIRES)


def test_an_ordinary_item_is_smaller_than_one_write_unit(tables: Tables) -> None:
    stored()
    (item,) = tables.items("reviews")
    size = len(json.dumps(item, default=str, ensure_ascii=False).encode())
    assert size < 1024


def test_bad_reviews_are_found_by_product_buyer_copy_and_month(tables: Tables) -> None:
    record = stored().record
    assert reviews.bad_of_product("tb1", "p1", NOW - timedelta(days=7)) == (record,)
    assert reviews.bad_of_product("tb1", "p1", NOW + timedelta(seconds=1)) == ()
    assert reviews.of_buyer("5f1d7a84db00d2fc") == (record,)
    assert reviews.copies_of("c0ffee") == (record,)
    assert [kept.said for kept in reviews.bad_in_month("2026-11")] == [SAID]
    assert list(reviews.written_between("tb1", NOW, NOW + timedelta(seconds=1))) == [record]
    assert list(reviews.written_between("tb1", NOW - timedelta(days=1), NOW)) == []


def test_a_review_that_turned_good_leaves_the_lists_of_bad_ones(tables: Tables) -> None:
    stored()
    good = a_record(rating=5, verdict=Verdict(-4.0, "positive"))
    stored(good)
    assert reviews.bad_of_product("tb1", "p1", NOW) == ()
    assert reviews.copies_of("c0ffee") == ()
    assert list(reviews.bad_in_month("2026-11")) == []
    assert reviews.of_buyer("5f1d7a84db00d2fc") == (good,)


def test_a_deleted_review_stays_in_the_register_and_alarms_nobody(tables: Tables) -> None:
    stored(a_record(deleted=True))
    assert reviews.bad_of_product("tb1", "p1", NOW) == ()
    assert len(list(reviews.bad_in_month("2026-11"))) == 1


def test_a_reply_is_claimed_by_one_and_sent_once(tables: Tables) -> None:
    kept = stored()
    claimed = reviews.claim_reply(kept, "您好", "ann", NOW)
    assert claimed is not None
    assert reviews.claim_reply(kept, "您好", "bob", NOW) is None
    assert reviews.claim_reply(claimed, "您好", "bob", NOW) is None
    sent = reviews.record_reply(claimed, accepted=True, answer="", wall_now=NOW)
    assert sent is not None
    assert (sent.reply.state, sent.reply.by) == ("sent", "ann")
    assert reviews.claim_reply(sent, "您好", "bob", NOW + timedelta(days=1)) is None


@pytest.mark.parametrize("accepted", [None, False])
def test_a_reply_that_was_not_sent_may_be_tried_again(
    tables: Tables, accepted: bool | None
) -> None:
    claimed = reviews.claim_reply(stored(), "您好", "ann", NOW)
    assert claimed is not None
    if accepted is not None:
        refused = reviews.record_reply(claimed, accepted=False, answer="too long", wall_now=NOW)
        assert refused is not None
        claimed = refused
    later = NOW + reviews.CLAIM
    assert reviews.claim_reply(claimed, "您好", "bob", later) is not None


def test_an_outcome_is_noted_over_what_was_read_only(tables: Tables) -> None:
    kept = stored()
    assert reviews.set_outcome(kept, Outcome.REPLIED, marks=())
    assert not reviews.set_outcome(kept, Outcome.GIVEN_UP)
    found = reviews.get("tb1", "8800000000001:buyer")
    assert found is not None
    assert (found.record.outcome, found.record.marks) == ("replied", ())
