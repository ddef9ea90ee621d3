"""The weekly report as files: two charts (SVG) and a page (HTML). Pure.

The page holds both charts, what became of the bad reviews, and a list of them. The list tells none
of their words: whoever has the page's address may read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, cast

from aftersales.messages.base import LANGUAGES
from review_scanner.charts import columns, stacked
from review_scanner.weekly import OTHER, BadReview, Weekly

if TYPE_CHECKING:
    from aftersales.messages.review_words import Vocabulary


class Words(NamedTuple):
    """What stands on the charts and the page, in one language."""

    title: str
    share: str
    summary: str
    before: str
    days: tuple[str, ...]
    of: str
    topics: str
    counted: str
    other: str
    empty: str
    outcomes_title: str
    list_title: str
    columns: tuple[str, ...]
    open_link: str
    register: str


WORDS = {
    "zh-CN": Words(
        title="评价周报 {week}",
        share="每天的差评占比",
        summary="本周 {reviews} 条评价，{bad} 条差评（{share}）",
        before="上周 {share}",
        days=("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
        of="{bad} / {reviews} 条",
        topics="各商品的问题",
        counted="一条评价可能说到几个问题；列出差评最多的商品",
        other="其他",
        empty="本周没有差评。",
        outcomes_title="差评的结果",
        list_title="本周差评",
        columns=("时间", "店铺", "商品", "评分", "问题", "结果", ""),
        open_link="查看",
        register="评价原文、订单和回复见当月登记表：",
    ),
    "zh-TW": Words(
        title="評價週報 {week}",
        share="每日負評比例",
        summary="本週 {reviews} 則評價，{bad} 則負評（{share}）",
        before="上週 {share}",
        days=("週一", "週二", "週三", "週四", "週五", "週六", "週日"),
        of="{bad} / {reviews} 則",
        topics="各商品的問題",
        counted="一則評價可能提到幾個問題；列出負評最多的商品",
        other="其他",
        empty="本週沒有負評。",
        outcomes_title="負評的結果",
        list_title="本週負評",
        columns=("時間", "賣場", "商品", "評分", "問題", "結果", ""),
        open_link="查看",
        register="評價原文、訂單與回覆請見當月登記表：",
    ),
    "en": Words(
        title="Reviews of week {week}",
        share="Share of bad reviews by day",
        summary="{reviews} reviews this week, {bad} of them bad ({share})",
        before="week before: {share}",
        days=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        of="{bad} of {reviews}",
        topics="Topics by product",
        counted="One review may name several topics; the products with most bad reviews",
        other="other",
        empty="No bad review this week.",
        outcomes_title="What became of bad reviews",
        list_title="Bad reviews of this week",
        columns=("Written", "Shop", "Product", "Stars", "Topics", "Outcome", ""),
        open_link="open",
        register="Words, orders and replies stand in the register of the month: ",
    ),
}


def files_of(
    report: Weekly, language: str, shops: Mapping[str, str] | None = None
) -> dict[str, str]:
    """File name -> content: the two charts, and the page. `shops` are names by id."""
    share, topics = share_chart(report, language), topics_chart(report, language)
    stem = f"reviews-{report.week}"
    return {
        f"{stem}-share.svg": share,
        f"{stem}-topics.svg": topics,
        f"{stem}.html": _page(report, language, share + topics, shops or {}),
    }


def summary(report: Weekly, language: str) -> str:
    """The week in one line."""
    words = WORDS[language]
    return words.summary.format(reviews=report.reviews, bad=report.bad, share=percent(report.share))


def share_chart(report: Weekly, language: str) -> str:
    """The share of bad reviews by day, with that of the week before as a line."""
    words = WORDS[language]
    before = report.before
    bars = [
        (
            f"{words.days[number]} {day.day.month}/{day.day.day}",
            day.share,
            words.of.format(bad=day.bad, reviews=day.reviews) if day.reviews else "–",
        )
        for number, day in enumerate(report.days)
    ]
    mark = None if before is None else (before, words.before.format(share=percent(before)))
    return columns(words.share, summary(report, language), bars, mark=mark)


def topics_chart(report: Weekly, language: str) -> str:
    """What the complaints about each product are about."""
    words = WORDS[language]
    names = _vocabulary(language).TOPICS
    bars = [
        (
            product.product,
            {
                words.other if topic == OTHER else names.get(topic, topic): number
                for topic, number in product.topics.items()
            },
        )
        for product in report.products
    ]
    return stacked(words.topics, words.counted, bars, rest=words.other, empty=words.empty)


def _vocabulary(language: str) -> Vocabulary:
    module = import_module(f"aftersales.messages.{LANGUAGES[language]}_reviews")
    return cast("Vocabulary", module)


def percent(share: float | None) -> str:
    """A share in percent; a dash where there is none."""
    return "–" if share is None else f"{share:.1%}"


def _page(report: Weekly, language: str, charts: str, shops: Mapping[str, str]) -> str:
    words, names = WORDS[language], _vocabulary(language).OUTCOMES
    rows = "".join(
        f"<tr><td>{escape(names[name])}</td><td class=number>{number}</td></tr>"
        for name, number in report.outcomes.items()
    )
    outcomes = f"<h2>{escape(words.outcomes_title)}</h2><table>{rows}</table>" if rows else ""
    title = escape(words.title.format(week=report.week))
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="referrer" '
        f'content="no-referrer"><title>{title}</title><style>{_STYLE}</style></head><body>'
        f"<h1>{title}</h1>{charts}{outcomes}{_list(report, language, shops)}</body></html>\n"
    )


_STYLE = (
    "body{font-family:system-ui,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;"
    "color:#1f2937;background:#fff;max-width:800px;margin:2rem auto;padding:0 1rem}"
    "svg{max-width:100%;height:auto;display:block;margin:1rem 0}h2{font-size:20px;margin-top:2rem}"
    "table{border-collapse:collapse;font-size:14px}td,th{padding:.35rem 1rem .35rem 0;"
    "text-align:left;vertical-align:top;border-bottom:1px solid #e5e7eb}"
    "th{font-weight:600;white-space:nowrap}td.number{text-align:right;"
    "font-variant-numeric:tabular-nums}td.line{white-space:nowrap;"
    "font-variant-numeric:tabular-nums}.wide{overflow-x:auto}p{color:#6b7280;font-size:13px}"
)


def _list(report: Weekly, language: str, shops: Mapping[str, str]) -> str:
    """The bad reviews, one row each, and where the rest about them stands."""
    if not report.listed:
        return ""
    words = WORDS[language]
    head = "".join(f"<th>{escape(name)}</th>" for name in words.columns)
    rows = "".join(_row(each, language, shops) for each in report.listed)
    months = sorted({f"{each.at:%Y-%m}" for each in report.listed})
    commands = " ".join(
        f"<code>aftersales reviews register --month {month}</code>" for month in months
    )
    more = report.bad - len(report.listed)
    rest = f"<p>+{more}</p>" if more > 0 else ""
    return (
        f"<h2>{escape(words.list_title)}</h2><div class=wide><table><tr>{head}</tr>{rows}</table>"
        f"</div>{rest}<p>{escape(words.register)}{commands}</p>"
    )


def _row(each: BadReview, language: str, shops: Mapping[str, str]) -> str:
    said, words = _vocabulary(language), WORDS[language]
    topics = ", ".join(said.TOPICS.get(topic, topic) for topic in each.topics) or words.other
    link = ""
    if each.link.startswith(("https://", "http://")):
        link = f'<a href="{escape(each.link)}" rel="noreferrer">{escape(words.open_link)}</a>'
    stars = "–" if each.rating is None else str(each.rating)
    cells = (shops.get(each.shop_id, each.shop_id), each.product or "–")
    return (
        f"<tr><td class=line>{each.at:%m-%d %H:%M}</td>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + f"<td class=number>{stars}</td><td>{escape(topics)}</td>"
        f"<td class=line>{escape(said.OUTCOMES[each.outcome])}</td><td class=line>{link}</td></tr>"
    )
