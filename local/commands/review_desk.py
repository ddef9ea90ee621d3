"""`aftersales reviews reply`, `register` and `report`: answer reviews, and look back at them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from local.tables_at_hand import state_option, tables_at_hand
from local.terminal import (
    json_option,
    json_time,
    plain,
    print_json,
    print_table,
    read_text,
    say,
    shown_time,
)

if TYPE_CHECKING:
    from aftersales.platforms.base import Platform
    from aftersales.settings.model import Settings, Shop
    from local.review_reply import Draft, Sent


@click.command()
@click.argument("shop")
@click.argument("review")
@click.option("--text", metavar="TEXT", help="The reply; - reads it from standard input.")
@click.option(
    "--template", metavar="TOPIC", help="Take the reply for this topic, such as quality or size."
)
@click.option("--yes", is_flag=True, help="Send it without asking.")
@click.option("--keep-open", is_flag=True, help="Leave the cases about the review open.")
@click.option(
    "--as", "who", metavar="NAME", default="operator", show_default=True, help="Who answers."
)
@state_option
@json_option
def reply(  # noqa: PLR0917 - click hands over one parameter for each option
    shop: str,
    review: str,
    text: str | None,
    template: str | None,
    yes: bool,
    keep_open: bool,
    who: str,
    state_dir: Path | None,
    as_json: bool,
) -> None:
    """Answer a review in public, where the shop's platform takes replies.

    Shows the review as it is now and the reply, and sends it when you have said yes. Without --text
    it is the suggested reply for what the review is about. What the platform would refuse is not
    sent. The cases about the review are closed as replied, unless `reviews.reply_closes` is off.

    \b
    Example:
      aftersales reviews reply tmall-flagship 4200000000000000007:buyer --template quality
    """
    from aftersales.errors import BadInput

    if text is not None and template is not None:
        raise BadInput("--text and --template exclude each other")
    with tables_at_hand(state_dir):
        from aftersales.cases.casebook import Casebook
        from aftersales.clock import business_now, wall_now
        from aftersales.tables import settings as table
        from local.review_reply import Sent, draft, send, settle

        settings = table.load()
        found = _shop(shop, settings)
        platform = _platform(found, settings)
        if text is None:
            text = _suggested(settings, found, review, template)
        keep_open = keep_open or not settings.review_rules(found.id).reply_closes
        drafted = draft(platform, found, review, read_text("-") if text == "-" else text)
        book = Casebook.of(settings)
        if drafted.kept.reply.state == "sent" and not keep_open:
            # It broke off after the reply had gone out: what is left is done now.
            closed = settle(book, drafted, drafted.kept.reply.by, business_now(), keep_open=False)
            if closed:
                _tell(drafted, Sent(True, "it was sent before", closed), as_json)
                return
        if not as_json:
            _show(drafted)
        if drafted.refusal or not (yes or _confirmed(as_json)):
            _tell(drafted, None, as_json)
            click.get_current_context().exit(1)
        sent = send(
            platform,
            book,
            drafted,
            who,
            business_now(),
            wall_now,
            keep_open=keep_open,
        )
    _tell(drafted, sent, as_json)
    if not sent.accepted:
        click.get_current_context().exit(1)


def _shop(shop_id: str, settings: Settings) -> Shop:
    from aftersales.errors import Misconfigured

    for shop in settings.shops:
        if shop.id == shop_id:
            return shop
    known = ", ".join(shop.id for shop in settings.shops) or "none yet"
    raise Misconfigured(
        f"The settings name no shop {shop_id}.",
        what_to_do=f"Known: {known}.",
    )


def _platform(shop: Shop, settings: Settings) -> Platform:
    from aftersales.clock import business_now
    from aftersales.errors import Misconfigured
    from aftersales.feeds.calls import counted
    from aftersales.http import PooledTransport
    from aftersales.platforms.registry import build_platform
    from aftersales.settings.secrets import resolve

    if not shop.secrets:
        raise Misconfigured(
            f"The shop {shop.id} is known by dropped files only.",
            what_to_do="Answer the review in its back office, then close its case.",
        )
    secrets = {name: resolve(reference, os.environ) for name, reference in shop.secrets.items()}
    transport = counted(settings, shop, PooledTransport(), business_now)
    return build_platform(shop, secrets, transport)


def _suggested(settings: Settings, shop: Shop, review_id: str, topic: str | None) -> str:
    """The reply for a topic, or for what the review is about, in the language of the shop."""
    from aftersales.errors import BadInput
    from aftersales.messages.review_replies import REPLIES, known_language, suggested_reply
    from aftersales.tables import reviews

    language = shop.language or settings.language
    own = settings.review_rules(shop.id).templates
    if topic is not None:
        known = sorted({*REPLIES[known_language(language)], *own})
        if topic not in known:
            raise BadInput(f"there is no reply for {topic!r}; known: {', '.join(known)}")
        return suggested_reply((topic,), language, own)
    kept = reviews.get(shop.id, review_id)
    return suggested_reply(kept.record.topics if kept else (), language, own)


def _confirmed(as_json: bool) -> bool:
    # A question would stand in the middle of the document that a script reads.
    return not as_json and click.confirm("Send this reply? Everybody can read it", err=True)


def _show(drafted: Draft) -> None:
    review, record = drafted.review, drafted.kept.record
    stars = f"{review.rating} of 5" if review.rating else "no rating"
    say(f"Review {record.review_id}, {stars}, {shown_time(record.written_at)}")
    for name, value in (
        ("product", review.product_title or review.product_id),
        ("order", review.order_id),
        ("says", _masked(review.text)),
        ("added", _masked(review.follow_up)),
        ("page", review.permalink),
    ):
        if value:
            say(f"  {name}: {plain(value)}")
    say("", "Reply:", f"  {plain(drafted.text)}", f"  ({len(drafted.text)} characters)", "")


def _masked(text: str) -> str:
    from aftersales.messages.masking import mask_text

    return mask_text(text)


def _tell(drafted: Draft, sent: Sent | None, as_json: bool) -> None:
    record = drafted.kept.record
    answer = sent.answer if sent is not None else drafted.refusal
    accepted = sent is not None and sent.accepted
    if as_json:
        print_json(
            {
                "shop": record.shop_id,
                "review_id": record.review_id,
                "written_at": json_time(record.written_at),
                "text": drafted.text,
                "sent": accepted,
                "needs_confirmation": sent is None and not drafted.refusal,
                "answer": answer,
                "resolved": list(sent.resolved) if sent is not None else [],
            }
        )
    elif accepted:
        closed = ", ".join(sent.resolved) if sent is not None and sent.resolved else "none"
        say(f"The reply was sent. Cases closed by it: {closed}.")
    elif answer:
        say(f"The reply was not sent: {plain(answer)}.")
    else:
        say("Nothing was sent.")


@click.command()
@click.option("--month", metavar="YYYY-MM", required=True, help="The month, such as 2026-10.")
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the spreadsheet goes.  [default: reviews-<month>.xlsx]",
)
@click.option("--shop", metavar="SHOP", help="Only reviews of this shop.")
@state_option
@json_option
def register(
    month: str, out: Path | None, shop: str | None, state_dir: Path | None, as_json: bool
) -> None:
    """Write the bad reviews of a month into a spreadsheet, with what became of them.

    Months count by the clock of the desk. Buyers are masked, and so are telephone numbers in what
    they wrote.

    \b
    Example:
      aftersales reviews register --month 2026-10 --out october.xlsx
    """
    with tables_at_hand(state_dir):
        from aftersales.tables import settings as table
        from local.review_register import rows_of_month, write_workbook
        from review_scanner.classifier.judging import masked

        settings = table.load()
        path = out or Path(f"reviews-{month}.xlsx")
        rows = rows_of_month(month, settings, masked, shop or "")
        count = write_workbook(path, month, settings.language, rows)
    if as_json:
        print_json({"month": month, "shop": shop or "", "file": str(path), "reviews": count})
    else:
        say(f"{path}: {count} bad review{'' if count == 1 else 's'} of {month}.")


@click.command()
@click.option("--week", metavar="WEEK", help="The week, such as 2026-W45.  [default: last week]")
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the charts (SVG) and the page; without it, figures only.",
)
@click.option("--shop", metavar="SHOP", help="Only reviews of this shop.")
@state_option
@json_option
def report(
    week: str | None, out: Path | None, shop: str | None, state_dir: Path | None, as_json: bool
) -> None:
    """What a week of reviews was like: share of bad ones by day, topics by product, outcomes.

    \b
    Example:
      aftersales reviews report --week 2026-W45 --out reports
    """
    with tables_at_hand(state_dir):
        from aftersales.clock import business_now
        from aftersales.tables import settings as table
        from review_scanner.report_page import files_of, percent, summary
        from review_scanner.weekly_telling import last_week, read_week

        settings = table.load()
        chosen = week or last_week(settings, business_now())
        found = read_week(settings, chosen, shop or "")
        shops = [shop] if shop else [each.id for each in settings.shops]
        names = {each.id: each.name or each.id for each in settings.shops}
    written = _write_files(out, files_of(found, settings.language, names)) if out else []
    if as_json:
        print_json(
            {
                "week": found.week,
                "shops": shops,
                "reviews": found.reviews,
                "bad": found.bad,
                "share": found.share,
                "share_before": found.before,
                "days": [
                    {"day": day.day.isoformat(), "reviews": day.reviews, "bad": day.bad}
                    for day in found.days
                ],
                "topics": dict(found.topics),
                "products": [
                    {"product": each.product, "bad": each.complaints, "topics": dict(each.topics)}
                    for each in found.products
                ],
                "outcomes": dict(found.outcomes),
                "files": written,
            }
        )
        return
    say(f"{found.week}: {summary(found, 'en')}; the week before {percent(found.before)}.")
    print_table(
        ("Day", "Reviews", "Bad", "Share"),
        ((day.day, day.reviews, day.bad, percent(day.share)) for day in found.days),
    )
    print_table(
        ("Product", "Bad", "Topics"),
        (
            (each.product, each.complaints, ", ".join(f"{t} {n}" for t, n in each.topics.items()))
            for each in found.products
        ),
        title="Most complained about",
        empty="No bad review.",
    )
    if found.outcomes:
        say("Outcomes: " + ", ".join(f"{name} {n}" for name, n in found.outcomes.items()))
    for name in written:
        say(name)


def _write_files(folder: Path, files: Mapping[str, str]) -> list[str]:
    from aftersales.errors import BadInput

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_text(content, "utf-8")
    except OSError as exc:
        raise BadInput(f"cannot be written: {exc.strerror}", place=str(folder)) from exc
    return [str(folder / name) for name in files]
