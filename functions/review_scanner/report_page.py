"""The weekly report as files: two charts (SVG) and a page (HTML) that holds both. Pure."""

from __future__ import annotations

from html import escape
from importlib import import_module
from typing import NamedTuple, cast

from aftersales.messages.render import LANGUAGES
from aftersales.messages.review_words import Vocabulary
from review_scanner.charts import columns, stacked
from review_scanner.weekly import OTHER, Weekly


class Words(NamedTuple):
    """What stands on the charts, in one language."""

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
    ),
}


def files_of(report: Weekly, language: str) -> dict[str, str]:
    """File name -> content: the two charts, and a page with them and the outcomes."""
    words = WORDS[language]
    share, topics = share_chart(report, language), topics_chart(report, language)
    stem = f"reviews-{report.week}"
    return {
        f"{stem}-share.svg": share,
        f"{stem}-topics.svg": topics,
        f"{stem}.html": _page(report, words, language, share + topics),
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


def _page(report: Weekly, words: Words, language: str, charts: str) -> str:
    names = _vocabulary(language).OUTCOMES
    rows = "".join(
        f"<tr><td>{escape(names[name])}</td><td>{number}</td></tr>"
        for name, number in report.outcomes.items()
    )
    outcomes = f"<h2>{escape(words.outcomes_title)}</h2><table>{rows}</table>" if rows else ""
    title = escape(words.title.format(week=report.week))
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>'
        f"{title}</title><style>body{{font-family:system-ui,'PingFang SC','Microsoft YaHei',"
        "'Noto Sans CJK SC',sans-serif;color:#1f2937;max-width:800px;margin:2rem auto;"
        "padding:0 1rem}svg{max-width:100%;height:auto;display:block;margin:1rem 0}"
        "td{padding:.25rem 2rem .25rem 0}td:last-child{text-align:right;"
        f"font-variant-numeric:tabular-nums}}</style></head><body><h1>{title}</h1>"
        f"{charts}{outcomes}</body></html>\n"
    )
