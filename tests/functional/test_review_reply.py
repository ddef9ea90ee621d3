"""`aftersales reviews reply`: a platform on loopback, the tables on the engine, and crashes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aftersales.cases.casebook import Casebook
from aftersales.errors import Conflict, OutsideFailure, Unreachable
from aftersales.findings import Finding, Severity
from aftersales.http import HttpReply, HttpRequest
from aftersales.platforms.registry import build_platform
from aftersales.review_records import ReviewRecord, Said, Verdict
from aftersales.settings.model import Alerts, Route, Settings, Shop, Target
from aftersales.tables import cases, outbox, reviews
from aftersales.tables import settings as settings_table
from aftersales.tables.reviews import Places
from local.loopback import LoopbackHandler, LoopbackServer
from local.review_reply import draft, send
from tests.command_line import Ran, aftersales
from tests.top_server import SECRETS, TopServer, china

LINE = "4200000000000000007"
REVIEW = f"{LINE}:buyer"
ENV = {f"TMALL_{name.upper()}": value for name, value in SECRETS.items()}


@dataclass
class Tmall:
    """The simulated TOP, with a review of yesterday."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    fails: Exception | None = None

    def __post_init__(self) -> None:
        self.top = TopServer(now=self.now)
        written = self.now - timedelta(days=1)
        self.top.ratings = [
            {
                "tid": int(LINE),
                "oid": int(LINE),
                "role": "buyer",
                "nick": "l**8",
                "result": "bad",
                "created": china(written),
                "content": "用了两天就坏了，打 13900139417 没人接",
                "num_iid": 650000000001,
                "item_title": "帆布包 米色",
            }
        ]
        record = ReviewRecord(
            shop_id="tm",
            review_id=REVIEW,
            written_at=written,
            first_seen_at=written,
            rating=1,
            verdict=Verdict(score=4.0, sentiment="negative", topics=("quality",)),
            order_id=LINE,
            line_id=LINE,
            product_title="帆布包 米色",
            marks=("bad_review:warn",),
        )
        said = Said(text="用了两天就坏了，打 13900139417 没人接")
        assert reviews.write(None, record, said, Places(month="2026-11"), self.now)
        self.record = record

    def __call__(self, request: HttpRequest) -> HttpReply:
        if self.fails is not None and b"explain.add" in request.body:
            raise self.fails
        return self.top(request)

    @property
    def replies(self) -> list[str]:
        method = "taobao.traderate.explain.add"
        return [call["reply"] for call in self.top.calls if call["method"] == method]


SETTINGS = Settings(
    shops=(
        Shop(
            id="tm",
            platform="tmall",
            name="青禾家居旗舰店",
            secrets={name: f"env:TMALL_{name.upper()}" for name in SECRETS},
        ),
        Shop(id="files"),
    ),
    alerts=Alerts(targets={"robot": Target(kind="dingtalk")}, routes=(Route(targets=("robot",)),)),
)


@pytest.fixture
def tmall(tables: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tmall]:
    from msgspec.structs import replace

    made = Tmall()

    class Handler(LoopbackHandler):
        def do_POST(self) -> None:
            body = self.read_body(1024 * 1024) or b""
            answer = made(HttpRequest("POST", self.path, {}, body))
            self.reply(answer.status, answer.body, answer.headers)

    server = LoopbackServer(0, Handler)
    server.start()
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    shop = replace(SETTINGS.shops[0], base_url=server.url)
    settings_table.push(replace(SETTINGS, shops=(shop, *SETTINGS.shops[1:])))
    finding = Finding("bad_review", made.record.subject, Severity.WARN, "tm", {"rating": 1})
    Casebook.of(SETTINGS).open(finding, made.now)
    yield made
    server.stop()


def replied(*more: str, stdin: bytes = b"") -> Ran:
    return aftersales("reviews", "reply", "tm", REVIEW, *more, stdin=stdin)


def the_case(tmall: Tmall) -> Any:
    return cases.get(tmall.record.subject, "bad_review")


def test_a_confirmed_reply_goes_out_closes_its_case_and_is_recorded(tmall: Tmall) -> None:
    ran = replied("--text", "您好，我们为您换新。", "--as", "lin", stdin=b"y\n")
    assert ran.code == 0, ran.err
    assert tmall.replies == ["您好，我们为您换新。"]
    assert "13900139417" not in ran.out
    case = the_case(tmall)
    assert (case.is_open, case.resolution) == (False, "replied")
    assert [(e.what, e.by) for e in case.history][-2:] == [
        ("replied in public: 您好，我们为您换新。", "lin"),
        ("resolved: replied", "lin"),
    ]
    kept = reviews.get("tm", REVIEW)
    assert kept is not None
    assert (kept.reply.state, kept.reply.by, kept.record.outcome) == ("sent", "lin", "replied")
    assert kept.record.marks == ()
    assert [d.alert.facts["resolution"] for d in outbox.pending() if d.alert.at > tmall.now] == [
        "replied"
    ]


@pytest.mark.parametrize("answer", [b"n\n", b"\n", b""])
def test_without_a_yes_nothing_is_sent(tmall: Tmall, answer: bytes) -> None:
    ran = replied("--text", "您好", stdin=answer)
    assert ran.code in (1, 130)
    assert tmall.replies == []
    assert the_case(tmall).is_open
    kept = reviews.get("tm", REVIEW)
    assert kept is not None
    assert kept.reply.state == ""


def test_a_script_sends_with_yes_alone(tmall: Tmall) -> None:
    asked = replied("--text", "您好", "--json")
    assert (asked.code, asked.json["sent"], asked.json["needs_confirmation"]) == (1, False, True)
    sent = replied("--text", "您好", "--json", "--yes")
    assert sent.code == 0
    assert sent.json | {"written_at": None} == {
        "shop": "tm",
        "review_id": REVIEW,
        "written_at": None,
        "text": "您好",
        "sent": True,
        "needs_confirmation": False,
        "answer": "accepted",
        "resolved": ["bad_review"],
    }


def test_a_second_reply_is_not_sent(tmall: Tmall) -> None:
    assert replied("--text", "您好", "--yes").code == 0
    again = replied("--text", "您好", "--yes", "--json")
    assert (again.code, again.json["answer"]) == (1, "the review has a reply already")
    assert len(tmall.replies) == 1


def test_the_suggested_reply_fits_what_the_review_is_about(tmall: Tmall) -> None:
    from aftersales.messages.review_replies import REPLIES

    assert replied("--json").json["text"] == REPLIES["zh-CN"]["quality"]
    assert replied("--json", "--template", "size").json["text"] == REPLIES["zh-CN"]["size"]
    unknown = replied("--template", "colour")
    assert unknown.code == 2
    assert "quality" in unknown.err
    assert replied("--template", "size", "--text", "您好").code == 2


def added_to(tmall: Tmall) -> None:
    tmall.top.added[LINE] = {"append_content": "还是坏", "append_time": china(tmall.now)}


def grown_old(tmall: Tmall) -> None:
    tmall.top.ratings[0]["created"] = china(tmall.now - timedelta(days=31))


def gone(tmall: Tmall) -> None:
    tmall.top.ratings.clear()


def answered(tmall: Tmall) -> None:
    tmall.top.ratings[0]["reply"] = "已经回复过"


@pytest.mark.parametrize(
    ("happens", "text", "why"),
    [
        (added_to, "您好", "added"),
        (grown_old, "您好", "30 days"),
        (gone, "您好", "not shown"),
        (answered, "您好", "reply already"),
        (lambda _: None, "好" * 501, "500"),
        (lambda _: None, "   ", "no text"),
    ],
)
def test_what_the_platform_would_refuse_is_said_before_anybody_is_asked(
    tmall: Tmall, happens: Any, text: str, why: str
) -> None:
    happens(tmall)
    ran = replied("--text", text, "--yes", "--json")
    assert ran.code == 1
    assert why in ran.json["answer"]
    assert tmall.replies == []
    assert the_case(tmall).is_open
    kept = reviews.get("tm", REVIEW)
    assert kept is not None
    assert kept.reply.state == ""


def test_a_reply_that_the_platform_refuses_all_the_same_may_be_tried_again(tmall: Tmall) -> None:
    platform = build_platform(SETTINGS.shops[0], SECRETS, tmall)
    book = Casebook.of(SETTINGS)
    ready = draft(platform, SETTINGS.shops[0], REVIEW, "您好")
    refusal = {"code": 15, "msg": "Remote service error", "sub_code": "isv.x", "sub_msg": "违禁词"}
    tmall.top.errors = [{"error_response": refusal}]
    sent = send(platform, book, ready, "lin", tmall.now, lambda: tmall.now)
    assert not sent.accepted
    assert "违禁词" in sent.answer
    assert the_case(tmall).is_open
    again = draft(platform, SETTINGS.shops[0], REVIEW, "您好！")
    assert send(platform, book, again, "lin", tmall.now, lambda: tmall.now).accepted


def test_a_reply_that_may_have_arrived_is_not_sent_again_at_once(tmall: Tmall) -> None:
    platform = build_platform(SETTINGS.shops[0], SECRETS, tmall)
    book = Casebook.of(SETTINGS)
    tmall.fails = Unreachable("no answer in time")
    ready = draft(platform, SETTINGS.shops[0], REVIEW, "您好")
    with pytest.raises(OutsideFailure, match="not known whether"):
        send(platform, book, ready, "lin", tmall.now, lambda: tmall.now)
    tmall.fails = None
    ready = draft(platform, SETTINGS.shops[0], REVIEW, "您好")
    with pytest.raises(Conflict):
        send(platform, book, ready, "lin", tmall.now, lambda: tmall.now + timedelta(minutes=1))
    assert tmall.replies == []
    later = tmall.now + timedelta(minutes=6)
    assert send(platform, book, ready, "lin", tmall.now, lambda: later).accepted


def test_of_two_agents_who_confirm_at_once_one_answers(tmall: Tmall) -> None:
    platform = build_platform(SETTINGS.shops[0], SECRETS, tmall)
    ready = [draft(platform, SETTINGS.shops[0], REVIEW, f"您好 {n}") for n in range(2)]

    def act(number: int) -> bool:
        try:
            book = Casebook.of(SETTINGS)
            return send(
                platform, book, ready[number], f"{number}", tmall.now, lambda: tmall.now
            ).accepted
        except Conflict:
            return False

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(act, range(2))) == [False, True]
    assert len(tmall.replies) == 1


def test_a_run_that_broke_off_after_sending_closes_the_case_the_next_time(tmall: Tmall) -> None:
    kept = reviews.get("tm", REVIEW)
    assert kept is not None
    claimed = reviews.claim_reply(kept, "您好", "lin", tmall.now)
    assert claimed is not None
    reviews.record_reply(claimed, accepted=True, answer="accepted", wall_now=tmall.now)
    ran = replied("--text", "您好", "--json")
    assert (ran.code, ran.json["resolved"], ran.json["sent"]) == (0, ["bad_review"], True)
    assert tmall.replies == []


def test_a_case_can_be_left_open(tmall: Tmall) -> None:
    assert replied("--text", "您好", "--yes", "--keep-open").code == 0
    case = the_case(tmall)
    assert case.is_open
    assert case.history[-1].what == "replied in public: 您好"
    kept = reviews.get("tm", REVIEW)
    assert kept is not None
    assert kept.record.marks == ("bad_review:warn",)


@pytest.mark.parametrize(
    ("shop", "review", "why"),
    [
        ("nobody", REVIEW, "Known: tm, files"),
        ("files", REVIEW, "dropped files only"),
        ("tm", "1:buyer", "knows no review"),
    ],
)
def test_what_cannot_be_answered_is_explained(tmall, shop, review, why) -> None:
    ran = aftersales("reviews", "reply", shop, review, "--text", "您好", "--yes")
    assert ran.code == 2
    assert why in ran.err
