"""The shape of the settings file. Every field has its default and its unit here, and nowhere else.

The file is YAML for people and JSON in the `settings` table; both become these structs. Unknown
fields are refused, so that a misspelt one is not silently without effect. Secrets stand in it by
name only: `env:NAME`, `ssm:/path/name` or `secretsmanager:name#field`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from aftersales.cases.kinds import BILL_KINDS, REVIEW_KINDS


class _Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all settings: immutable, strict about names."""


class TrackingRules(_Struct, frozen=True):
    """When a parcel becomes a problem. Hours are clock hours unless the name says working days."""

    no_pickup_warn_hours: float = 24
    no_pickup_alarm_hours: float = 48
    stalled_hours: float = 48
    stalled_remote_hours: float = 72
    stalled_cross_border_working_days: float = 5
    delivery_overdue_hours: float = 36
    pickup_notice_hours: float = 18
    pickup_alarm_hours: float = 48
    customs_hours: float = 72
    lost_suspected_days: float = 10
    lost_suspected_cross_border_days: float = 30
    failed_attempts_alarm: int = 2
    auto_confirm_margin_hours: float = 48
    source_quiet_hours: float = 24
    reused_number_days: float = 5
    """Scans earlier than the ship date by more than this belong to another parcel."""


class Source(_Struct, frozen=True):
    """One account at a tracking source. `secrets` maps the vendor's own names to secret references.

    kuaidi100: key, customer, salt; kdniao: business_id, app_key; seventeentrack: key;
    aftership: key, webhook_secret; easypost: key, webhook_secret; sf: partner_id, checkword.
    """

    kind: str
    secrets: dict[str, str] = {}
    base_url: str = ""
    callback_url: str = ""
    push: bool = True
    requests_per_second: float | None = None
    concurrency: int | None = None
    options: dict[str, str] = {}
    path_secret: str = ""
    """Secret reference; the last part of the callback path, for sources that sign nothing."""


class Tracking(_Struct, frozen=True):
    """How parcels are watched."""

    sources: dict[str, Source] = {}
    default_source: str = ""
    by_courier: dict[str, str] = {}
    rules: TrackingRules = TrackingRules()
    rules_by_courier: dict[str, dict[str, Any]] = {}
    remote_regions: tuple[str, ...] = ("西藏", "新疆", "青海", "内蒙古", "甘肃", "宁夏", "海南")
    shards: int = 4
    keep_days: int = 180
    courier_codes: dict[str, dict[str, str]] = {}
    """Source -> our courier code -> the vendor's code; wins over the built-in table."""


class BuyerSms(_Struct, frozen=True):
    """Texts to buyers who have not paid, of one shop, through SNS. Amounts in US dollars."""

    enabled: bool = False
    consent: str = ""
    """How the buyers agreed to texts, in the shop's own words: which box, since when."""
    consent_source: str = "order"
    """`order`: each order says it, in `consent_field`; `checkout`: nobody can order without."""
    consent_field: str = ""
    moments: tuple[str, ...] = ("last",)
    texts: dict[str, str] = {}
    """Language -> text; without one, the built-in text of that language."""
    max_parts: int = 2
    countries: tuple[str, ...] = ()
    """Two-letter countries whose numbers are written to."""
    sender_id: str = ""
    origination_number: str = ""
    max_price_usd: float = 0.1
    month_limit_usd: float = 0
    daily_cap: int = 1
    send_window: str = "09:00-21:00"


class OwnLadder(_Struct, frozen=True):
    """What differs for a shop's cases of a kind; None: as in the file."""

    days: tuple[float, ...] | None = None
    due_soon_hours: float | None = None
    repeat_days: float | None = None


class OwnFollowup(_Struct, frozen=True):
    """What differs about the follow-up of a shop's cases. Bills are of no single shop."""

    enabled: bool | None = None
    reviews: OwnLadder = OwnLadder()
    kinds: dict[str, OwnLadder] = {}


class Shop(_Struct, frozen=True):
    """One shop. `rules` overrides single fields of `TrackingRules` for it.

    A shop without `secrets` is known by dropped files only. `secrets` maps the platform's own names
    to secret references; which ones a platform has is said in docs/settings.md.
    """

    id: str
    platform: str = "file"
    name: str = ""
    language: str = ""
    time_zone: str = ""
    currency: str = "CNY"
    order_url: str = ""
    """Link to an order in the seller's back office; `{order_id}` is replaced."""
    rules: dict[str, Any] = {}
    auto_confirm_days: float | None = None
    """Days from shipping until the platform confirms receipt itself; None: the platform's rule."""
    extend_receipt_days: int = 0
    """Days to ask the platform for before it confirms receipt itself; 0: agents do it by hand."""
    base_url: str = ""
    """Where the shop answers, for shop systems that run at an address of their own."""
    secrets: dict[str, str] = {}
    options: dict[str, str] = {}
    poll: bool = True
    """Are its feeds read on schedule? False: only what it pushes and what is asked for by id."""
    first_look_back_hours: float = 24
    """How far back its feeds are read the first time."""
    calls_per_day: int = 0
    """Calls a day that the platform grants the shop's account; 0: nobody knows."""
    reminder: dict[str, Any] = {}
    """Overrides single fields of `Reminder` for this shop."""
    reviews: dict[str, Any] = {}
    """Overrides single fields of `Reviews` for this shop."""
    followup: OwnFollowup = OwnFollowup()
    """Overrides single fields of the ladders of `Followup` for this shop."""
    buyer_sms: BuyerSms = BuyerSms()


class Calendar(_Struct, frozen=True):
    """Days off, and who publishes them."""

    country: str = "CN"
    holidays: tuple[str, ...] = ()
    working_days: tuple[str, ...] = ()
    service_hours: str = "09:00-22:00"
    service_on_days_off: bool = True


class Promotion(_Struct, frozen=True):
    """A time in which orders must be paid sooner than usual. Times with their offset."""

    start: str
    end: str
    pay_within_minutes: float
    shops: tuple[str, ...] = ()
    """Of these shops; none: of all."""


class Reminder(_Struct, frozen=True):
    """When agents are asked to nudge a buyer who has not paid. Amounts in the shop's currency."""

    enabled: bool = True
    first_minutes: float = 20
    last_minutes: float = 60
    flash_term_minutes: float = 90
    """An order that the platform closes within this time belongs to a flash sale."""
    flash_first_minutes: float = 5
    flash_last_minutes: float = 8
    gather_minutes: int = 5
    """Moments are moved to a full interval of this length, so that nudges arrive together."""
    pay_within_minutes: float | None = None
    """How long a buyer has to pay, where the platform does not say; None: the platform's rule."""
    promotions: tuple[Promotion, ...] = ()
    """Orders placed in one of these times close sooner than their platform says."""
    send_window: str = "09:00-22:00"
    too_late_minutes: float = 120
    buyer_gap_hours: float = 24
    both_moments: bool = True
    """May both moments of one order be used within the gap? It always holds for other orders."""
    min_amount: float = 0
    max_amount: float | None = None
    holdout_percent: float = 0
    do_not_contact: tuple[str, ...] = ()


class Ladder(_Struct, frozen=True):
    """When open cases of a kind are followed up."""

    days: tuple[float, ...] = (1, 3, 6)
    """So many days after a case was opened."""
    due_soon_hours: float = 24
    """So long before its deadline; the deadline itself always is a moment."""
    repeat_days: float = 7
    """After the last of them, whenever so many days have passed; 0: never."""

    def with_own(self, own: OwnLadder) -> Ladder:
        """This ladder, with what differs for a shop."""
        changed = {n: v for n, v in msgspec.structs.asdict(own).items() if v is not None}
        return msgspec.structs.replace(self, **changed) if changed else self


class Followup(_Struct, frozen=True):
    """Which open cases are followed up, and when."""

    enabled: bool = True
    reviews: Ladder = Ladder()
    """Of all kinds about reviews that have no ladder of their own."""
    bills: Ladder = Ladder(days=(2,), due_soon_hours=48)
    """Of all kinds about couriers' bills that have no ladder of their own."""
    kinds: dict[str, Ladder] = {}
    """Kind of case -> its ladder."""


class Reviews(_Struct, frozen=True):
    """What buyers write: when it becomes a case, and what agents are given to answer it."""

    enabled: bool = True
    bad_rating: int = 3
    """A rating up to this opens a case, of 1 to 5; Taobao's neutral is 3."""
    questions: bool = True
    advertising: bool = True
    reply_closes: bool = True
    """A public reply, by our command or seen on the platform, closes a complaint as replied."""
    backlog_days: float = 7
    """Reviews older than this when the desk first reads a shop open no case."""
    first_look_back_days: float = 30
    resolve_days: float = 7
    edit_window_days: float | None = None
    """How long a buyer may change a review; None: the platform's rule."""
    product_complaints: int = 3
    """So many complaints of one topic about one product are an alarm."""
    product_days: float = 7
    look_again_hours: float = 12
    """How often a review with an open case is read again, where the platform can be asked."""
    look_again_days: tuple[float, ...] = (3, 7, 15, 30)
    """How many days after it was written any other review is read again."""
    hint_reviews: int = 4
    """From so many reviews of one buyer on, the share of bad ones is worth a hint."""
    hint_percent: float = 60
    keep_days: int = 400
    templates: dict[str, dict[str, str]] = {}
    """Topic -> language -> suggested reply; wins over the built-in one."""


class BillLayout(_Struct, frozen=True):
    """A bill of a shape of its own. `columns`: field -> header, or number of the column from 1."""

    name: str
    columns: dict[str, str | int]
    surcharges: dict[str, str] = {}
    """Header, or number of the column -> charge code."""
    file_contains: str = ""
    weight_unit: str = ""
    day_first: bool = False
    month_first: bool = False


class BillAccount(_Struct, frozen=True):
    """An account with a courier, which gets bills of its own."""

    courier: str = ""
    """Its courier; "": read from the bill."""
    shops: tuple[str, ...] = ()
    """Whose parcels it carries; none: all shops'."""
    currency: str = ""
    """Of bills that name none; "": the currency of the shops."""
    confirm_working_days: int | None = None
    file_by_day: int | None = None
    claim_days: int | None = None
    """Days from the bill until the courier takes no claim any more; None: what is usual for it."""


class Reconciliation(_Struct, frozen=True):
    """How couriers' bills are checked. Weights in grams, amounts in minor units (fen, cent)."""

    enabled: bool = True
    accounts: dict[str, BillAccount] = {}
    """Name of a folder below `bills/` -> the account; a courier's code needs none."""
    layouts: tuple[BillLayout, ...] = ()
    weight_light_g: int = 50
    weight_heavy_g: int = 100
    weight_light_below_g: int = 3000
    weight_percent: int = 3
    """A billed weight may lie above one's own by this, or by the grams above, whichever is more."""
    amount_minor: int = 1
    smallest_minor: int = 1
    """Smaller differences of money are not reported."""
    smallest_g: int = 0
    confirm_working_days: int = 10
    """So many working days after it arrived a bill counts as accepted."""
    file_by_day: int = 7
    """Claims are to be with the courier by this day of the month after the bill's."""
    never_moved_days: float = 10
    """A parcel without a scan for so long after shipping never moved."""
    missing_parcels: int = 1
    """A courier that was handed so many parcels in a month is expected to send a bill."""
    answer_days: int = 180
    """A claim without a credit for so long has expired."""
    part_lines: int = 2_000_000
    """A bill with more lines is checked in parts of about so many."""


class Target(_Struct, frozen=True):
    """One place where alerts arrive. Which fields a kind needs is said in docs/settings.md.

    dingtalk: url, sign_secret; wecom: url; feishu: url, sign_secret; slack: url;
    webhook: url, sign_secret; sns: topic_arn. `url` and `sign_secret` are secret references
    (a URL may also stand openly where it holds no secret).
    """

    kind: str
    url: str = ""
    sign_secret: str = ""
    topic_arn: str = ""
    keyword: str = ""
    language: str = ""
    mentions: tuple[str, ...] = ()
    allow_private_address: bool = False
    ascii_subject: bool = False


class Route(_Struct, frozen=True):
    """Which cases go where. An empty list means all; the first route that fits is taken."""

    targets: tuple[str, ...]
    shops: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    min_severity: str = "notice"
    owner: str = ""
    """Who answers for these cases as long as nobody has taken them."""


class Alerts(_Struct, frozen=True):
    """Targets and routes. Cases about the desk itself go to `operators`."""

    targets: dict[str, Target] = {}
    routes: tuple[Route, ...] = ()
    operators: tuple[str, ...] = ()
    give_up_hours: float = 24
    desk_url: str = ""


class Settings(_Struct, frozen=True):
    """The whole file."""

    language: str = "zh-CN"
    time_zone: str = "Asia/Shanghai"
    calendar: Calendar = Calendar()
    shops: tuple[Shop, ...] = ()
    tracking: Tracking = Tracking()
    reminder: Reminder = Reminder()
    followup: Followup = Followup()
    reviews: Reviews = Reviews()
    reconciliation: Reconciliation = Reconciliation()
    alerts: Alerts = Alerts()

    def shop(self, shop_id: str) -> Shop:
        """The shop with that id, or one with defaults where the settings do not name it."""
        for shop in self.shops:
            if shop.id == shop_id:
                return shop
        return Shop(id=shop_id)

    def tracking_rules(self, shop_id: str, courier: str) -> TrackingRules:
        """The rules of one shop and courier: file defaults, then the courier's, then the shop's."""
        overrides = {**self.tracking.rules_by_courier.get(courier, {}), **self.shop(shop_id).rules}
        if not overrides:
            return self.tracking.rules
        return msgspec.structs.replace(self.tracking.rules, **overrides)

    def reminder_rules(self, shop_id: str) -> Reminder:
        """The reminder's rules for one shop: the file's, then the shop's own."""
        overrides = self.shop(shop_id).reminder
        return msgspec.structs.replace(self.reminder, **overrides) if overrides else self.reminder

    def ladder(self, kind: str, shop_id: str = "") -> Ladder | None:
        """When open cases of a kind are followed up, None: never. A shop's own settings change
        single fields of the ladder that the file gives the kind."""
        own = self.shop(shop_id).followup
        if not (self.followup.enabled if own.enabled is None else own.enabled):
            return None
        usual = self.followup.bills if kind in BILL_KINDS else None
        usual = self.followup.reviews.with_own(own.reviews) if kind in REVIEW_KINDS else usual
        chosen = self.followup.kinds.get(kind, usual)
        if kind in own.kinds:
            chosen = (chosen or Ladder()).with_own(own.kinds[kind])
        return chosen

    def review_rules(self, shop_id: str) -> Reviews:
        """The rules about reviews for one shop: the file's, then the shop's own. A template of the
        shop's own takes the place of that one template."""
        overrides = self.shop(shop_id).reviews
        if not overrides:
            return self.reviews
        named = dict(overrides)
        if "look_again_days" in overrides:
            named["look_again_days"] = tuple(overrides["look_again_days"])
        if "templates" in overrides:
            topics = {**self.reviews.templates, **overrides["templates"]}
            named["templates"] = {
                topic: {**self.reviews.templates.get(topic, {}), **texts}
                for topic, texts in topics.items()
            }
        return msgspec.structs.replace(self.reviews, **named)

    def source_for(self, courier: str) -> str:
        """The name of the tracking source for a courier, "" where none is set."""
        sources = self.tracking.sources
        # Who has one account means that one, without saying so.
        otherwise = next(iter(sources)) if len(sources) == 1 else ""
        default = self.tracking.default_source or otherwise
        return self.tracking.by_courier.get(courier, default)
