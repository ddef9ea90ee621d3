"""One review, judged: what a case is opened from, and what `aftersales reviews classify` prints."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from review_scanner.classifier.advertising import (
    contact_hints,
    contact_in,
    is_advertising,
    wants_contact,
)
from review_scanner.classifier.complaints import complaint_in
from review_scanner.classifier.grams import Measured
from review_scanner.classifier.questions import is_question
from review_scanner.classifier.sentiment import (
    NEGATIVE,
    POSITIVE,
    has_letters,
    score_of,
    sentiment_of,
)
from review_scanner.classifier.table import Table, shipped
from review_scanner.classifier.text import folded, plain
from review_scanner.classifier.topics import topic_words, topics_of

GOOD_RATING = 4
"""From this rating of five on, nobody would look for a complaint."""

_DEFAULT_TEXTS = """
    此用户没有填写评价 此用户没有填写评论 该用户没有填写评价 用户没有填写评价
    此用户没有填写评价内容 此用户未填写评价内容 用户未填写评价内容 该用户未填写评价内容
    该用户觉得商品很好给出了0星好评 该用户觉得商品非常好给出0星好评 系统默认好评 默认好评
    系统默认评价 评价方未及时做出评价系统默认好评 买家未及时评价系统默认好评 自动好评
    系统自动好评 买家未评价系统默认好评 超时未评价系统默认好评 用户未及时评价系统默认好评
    用户未及时评价系统默认评价 此用户没有评价 用户未填写评价 买家没有填写评价 此买家没有填写评价
    会员没有填写评价内容 该用户未填写评价 未填写评价 没有填写评价 thisuserdidnotleaveareview
    theuserdidnotleaveareview thisuserdidnotwriteareview theuserhasnotfilledinareview
    thisuserhasnotfilledinareview thisuserhasnotwrittenareview defaultpositivereview
    systemdefaultpositivereview defaultgoodreview systemdefaultgoodreview systemdefaultpraise
    automaticpositivefeedback automaticfeedback autopositivereview
    thecustomerdidnotleaveawrittenreview thebuyerdidnotleaveareview buyerdidnotleaveacomment
"""
_DEFAULTS = frozenset(_DEFAULT_TEXTS.split())
"""Texts that platforms put in for buyers who wrote nothing, letters and digits alone, folded."""


class Judgement(NamedTuple):
    """What a review says.

    `score`: log-odds of negative. `hidden_complaint`: a complaint that its rating, or the
    rest of its text, does not let expect. `contact_wanted`: a complaint that holds a contact;
    escalate it, and show the text masked only. `written`: False where a platform filled it in.
    `worst`: the sentence that says the complaint, folded; "" where it is the text as a whole.
    `question`: the text scores as a complaint, but only asks for information.
    """

    sentiment: str
    score: float
    hidden_complaint: bool
    topics: list[str]
    advertising: bool
    contact_wanted: bool = False
    written: bool = True
    worst: str = ""
    question: bool = False


def judge(text: str, rating: float | None = None, table: Table | None = None) -> Judgement:
    """Judge a review by its text (plain or HTML), and its rating of five where there is one."""
    table = table or shipped()
    form = folded(plain(text))
    if is_default(form):
        return Judgement(POSITIVE, DEFAULT_SCORE, False, [], False, written=False)
    reading = Measured(form)
    met = _known().intersection(reading.slots)
    score = score_of(reading, table)
    sentiment = sentiment_of(score, table)
    contact = contact_in(text, reading, met)
    advertising = is_advertising(contact, score)
    hidden, worst = False, ""
    question = score > 0 and not advertising and is_question(form)
    if not advertising and not question and (rating is None or rating >= GOOD_RATING):
        if sentiment == NEGATIVE:
            hidden = rating is not None
        else:
            worst = complaint_in(reading, table)
            hidden = bool(worst)
    return Judgement(
        sentiment=sentiment,
        score=score,
        hidden_complaint=hidden,
        topics=topics_of(reading, table, met, known=score != 0 and has_letters(form)),
        advertising=advertising,
        contact_wanted=wants_contact(contact, score),
        worst=worst,
        question=question,
    )


@cache
def _known() -> frozenset[int]:
    """The slots that a word of a topic or a hint at a contact has."""
    return contact_hints().union(topic_words())


DEFAULT_SCORE = -2.0
"""Of a text that a platform filled in: it is given as a good review, and says no more."""


def is_default(form: str) -> bool:
    """Is this folded text one that platforms fill in? Marks and gaps do not count."""
    if len(form) > 60 or ("评" not in form and "e" not in form):
        return False  # each of them holds one of these
    return "".join(filter(str.isalnum, form)) in _DEFAULTS


def masked(text: str) -> str:
    """The text as it may be shown to a group: phone numbers, addresses and ids hidden."""
    from aftersales.messages.masking import mask_text
    from review_scanner.classifier.advertising import mask_contacts

    return mask_contacts(mask_text(text))
