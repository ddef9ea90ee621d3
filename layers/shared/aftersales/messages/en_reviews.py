"""What is said in English about reviews."""

from __future__ import annotations

from aftersales.messages.catalogue import Wording

STARS = "{n} of 5 stars"
NEUTRAL, BAD = "Neutral review", "Bad review"
OPEN_REVIEW = "Open review"
OPEN_REPORT, AT_THE_LINK = "Open report", "behind the link below"
HINT_NOTE = "a hint, no verdict"
CONTACT = "The buyer left a contact: call back first. "
TOPICS = {
    "logistics": "delivery",
    "price": "price",
    "packaging": "packaging",
    "fake": "authenticity",
    "service": "service",
    "size": "size",
    "quality": "quality",
    "wrong_or_missing_item": "wrong or missing item",
    "not_as_described": "not as described",
}
ORDER_STATES = {
    "deleted": "deleted at the platform",
    "unknown": "the desk does not know this order",
    "forgotten": "the desk has this order no more; what was known is shown",
}
REFUNDS = {"open": "asked for", "done": "refunded", "partial": "partly refunded"}
HINTS = {
    "mostly_bad": "{n} of this buyer's {of} reviews are bad",
    "several_shops": "bad reviews in {n} shops",
    "asks_for_money": "the words ask for money or offer to change the review",
    "copied": "the same words stand under {n} other products",
}
OUTCOMES = {
    "changed": "changed by the buyer",
    "deleted": "deleted",
    "replied": "replied",
    "given_up": "given up",
    "open": "open",
    "no_case": "no case",
}
FIELD_LABELS = {
    "rating": "Rating",
    "review": "Review",
    "follow_up": "Added later",
    "topics": "About",
    "product": "Product",
    "refund": "Refund",
    "edit_until": "Buyer may edit until",
    "hints": "For information",
}
KINDS = {
    "bad_review": Wording(
        title="[{grade}|Bad review][, {rating}][: {topics}]",
        what="[{grade}|Bad review][ ({rating})][ about {topics}][ on {product}].",
        why="It stays on the product's page for every other buyer to read[, and can be edited for "
        "another {edit_left} only].",
        todo="[{contact}]Write to the buyer today, put the "
        "problem right, then ask for the review to be changed, and answer it in public.",
        buyer_text="[{reply}]",
        solved_title="review settled",
        solved_what="[The review now has {rating}|The review is settled].",
        escalated_what="The review got worse[, now {rating}][, about {topics}][ on {product}].",
    ),
    "hidden_complaint": Wording(
        title="Complaint under a good rating[: {topics}]",
        what="The rating is[ {rating}| not bad], and the words complain[ about {topics}][ on "
        "{product}].",
        why="Such a buyer seldom comes back, and has not asked for help yet. It is not too late.",
        todo="[{contact}]Write to the buyer, put it right, and answer the review in public.",
        buyer_text="[{reply}]",
        solved_title="complaint settled",
        solved_what="The words do not complain any more.",
    ),
    "follow_up_turned_bad": Wording(
        title="Buyer added a complaint[: {topics}]",
        what="A buyer who was content has added a complaint[ about {topics}][ on {product}].",
        why="What is added after using an item convinces others most. The platform mostly takes "
        "no public reply after it.",
        todo="[{contact}]Write to the buyer today and solve it as an after-sales case.",
        buyer_text="[{reply}]",
        solved_title="added complaint settled",
        solved_what="The added complaint is settled.",
    ),
    "review_question": Wording(
        title="Question in a review",
        what="A buyer asks something in a review[ on {product}], and nobody has answered.",
        why="Whoever reads the reviews sees the question, and your answer.",
        todo="Answer the review in public.",
        solved_title="question answered",
        solved_what="The question has an answer.",
    ),
    "product_alarm": Wording(
        title="Several complaints about one product[: {topics}]",
        what="[In {days} days {complaints} buyers|Several buyers] complained[ about {topics}] "
        "of [{product}|one product].",
        why="When several say the same, the batch, the packaging or the page is to blame, and "
        "every further parcel brings more of it.",
        todo="Operations and warehouse: check the stock, the packaging and the page of this "
        "product, and stop shipping it if need be.",
        solved_title="product settled",
        solved_what="The problem with this product is settled.",
    ),
    "review_advertising": Wording(
        title="Advertisement in a review",
        what="A review looks like an advertisement[ on {product}].",
        why="It leads buyers away, and the platform takes reports.",
        todo="Report the review in the back office.",
        solved_title="advertisement settled",
        solved_what="The advertisement is settled.",
    ),
    "review_report": Wording(
        title="Reviews[, week {week}|]",
        what="[{reviews} reviews, {bad} of them bad ({share})|No reviews][; the week before it was "
        "{before}|].",
        why="[Most complaints are about: {topics}. |][The product with most bad reviews is "
        "{product}.|]",
        todo="[What became of the bad ones: {outcomes}. |][Charts, and the bad reviews one by "
        "one: {report_at}|The charts could not be stored: aftersales reviews report --out reports "
        "draws them.]",
        solved_title="report",
        solved_what="Nothing is to be done.",
    ),
}
