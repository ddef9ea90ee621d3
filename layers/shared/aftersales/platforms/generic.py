"""Any shop system that pushes its orders and reviews in a form of our own: signed webhooks only.

The form is documented for whoever writes the sending side, in docs/webhooks.md. Signature and
replay window are those of Standard Webhooks (alert channels reference, G1). Fields that are not
named there are ignored; a field that is there and wrong keeps the order out, with place and reason,
because a sender that nobody corrects stays wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec

from aftersales import clock
from aftersales.couriers import codes
from aftersales.errors import BadInput, Misconfigured, WebhookRefused
from aftersales.money import decimals_of, to_minor
from aftersales.parcels import Order, OrderLine, OrderStatus, RefundStatus, Shipment
from aftersales.platforms import regions, values
from aftersales.platforms.base import Capability, RejectedRow, Webhook
from aftersales.platforms.lacking import Lacking
from aftersales.platforms.woocommerce_reply import buyer_of_email
from aftersales.reviews import Review
from aftersales.webhooks import verify_standard

if TYPE_CHECKING:
    from aftersales.http import Transport
    from aftersales.settings.model import Shop

BODY_LIMIT_BYTES = 1024 * 1024
RAW_LIMIT = 4000  # characters of a refused body that go to quarantine

_Id = Annotated[str, msgspec.Meta(pattern=r"\S", max_length=64)]
_Short = Annotated[str, msgspec.Meta(max_length=200)]
_Amount = Annotated[str, msgspec.Meta(pattern=r"^\d{1,15}(\.\d{1,4})?$")]
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_Side = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
_Words = Annotated[str, msgspec.Meta(max_length=20_000)]
_PLACE = re.compile(r"(.*) - at `\$\.?(.*)`", re.DOTALL)


class _Line(msgspec.Struct, frozen=True):
    title: _Short
    quantity: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    sku: _Short = ""
    amount: _Amount | None = None
    id: _Short = ""


class _Shipment(msgspec.Struct, frozen=True):
    waybill_number: _Id
    courier: _Short = ""
    shipped_at: _Moment | None = None
    weight_g: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    length_mm: _Side | None = None
    width_mm: _Side | None = None
    height_mm: _Side | None = None
    service: _Short = ""
    declared_value: _Amount | None = None
    cash_on_delivery: _Amount | None = None
    parcel_count: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1


class _Refund(msgspec.Struct, frozen=True):
    status: RefundStatus
    id: _Short = ""
    amount: _Amount | None = None


class _Order(msgspec.Struct, frozen=True):
    id: _Id
    status: OrderStatus
    created_at: _Moment | None = None
    updated_at: _Moment | None = None
    paid_at: _Moment | None = None
    shipped_at: _Moment | None = None
    finished_at: _Moment | None = None
    pay_by: _Moment | None = None
    ship_by: _Moment | None = None
    auto_confirm_at: _Moment | None = None
    needs_payment: bool = True
    currency: str = ""
    amount: _Amount | None = None
    buyer: _Short = ""
    phone_tail: Annotated[str, msgspec.Meta(pattern=r"^(\d{4})?$")] = ""
    province: _Short = ""
    city: _Short = ""
    country: Annotated[str, msgspec.Meta(pattern=r"^([A-Z]{2})?$")] = ""
    refund: _Refund | None = None
    lines: list[_Line] = []
    shipments: list[_Shipment] = []


class _Review(msgspec.Struct, frozen=True):
    id: Annotated[str, msgspec.Meta(pattern=r"\S", max_length=128)]
    text: _Words = ""
    rating: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    created_at: _Moment | None = None
    updated_at: _Moment | None = None
    order_id: _Short = ""
    line_id: _Short = ""
    product_id: _Short = ""
    product: _Short = ""
    buyer: _Short = ""
    follow_up: _Words = ""
    follow_up_at: _Moment | None = None
    reply: _Words = ""
    deleted: bool = False
    url: Annotated[str, msgspec.Meta(pattern=r"^(https?://\S+)?$", max_length=1000)] = ""


class _Kind(msgspec.Struct, frozen=True):
    type: str = ""


class _Push(msgspec.Struct, frozen=True):
    order: _Order


class _ReviewPush(msgspec.Struct, frozen=True):
    review: _Review


class Generic(Lacking):
    """`Platform` for a shop that only pushes. Secrets: `webhook_secret` (`whsec_` and base64), and
    `webhook_secret_previous` while it is being changed. No options."""

    name: ClassVar[str] = "generic"

    def __init__(
        self,
        shop: Shop,
        secrets: Mapping[str, str],
        transport: Transport,  # noqa: ARG002 - nobody is asked
        *,
        options: Mapping[str, str] = {},  # noqa: ARG002
        wall_now: Callable[[], datetime] = clock.wall_now,  # noqa: ARG002 - the caller knows
    ) -> None:
        if not secrets.get("webhook_secret"):
            raise Misconfigured(
                f"The shop {shop.id} has no secret `webhook_secret`.",
                what_to_do="Add `webhook_secret: env:NAME` to its `secrets` in the settings file.",
            )
        self._shop = shop
        self._secrets = [
            secrets[name]
            for name in ("webhook_secret", "webhook_secret_previous")
            if secrets.get(name)
        ]

    @property
    def capabilities(self) -> frozenset[Capability]:
        """See `Platform.capabilities`."""
        return frozenset({Capability.WEBHOOKS})

    def read_webhook(
        self,
        headers: Mapping[str, str],
        query: Mapping[str, str],  # noqa: ARG002 - nothing of it is signed
        body: bytes,
        now: datetime,
    ) -> Webhook:
        """See `Platform.read_webhook`. Types are `order.…` and `review.…`; others are not ours."""
        if len(body) > BODY_LIMIT_BYTES:
            raise WebhookRefused(f"more than {BODY_LIMIT_BYTES} bytes", status=413)
        verify_standard(headers, body, self._secrets, now)
        given = {name.lower(): value.strip() for name, value in headers.items()}
        delivery_id = given["webhook-id"]
        sent_at = datetime.fromtimestamp(int(given["webhook-timestamp"]), UTC)
        try:
            kind: _Kind = _decoded(body, _Kind)
            if kind.type.startswith("review."):
                review = self._review(_decoded(body, _ReviewPush).review, sent_at)
                return Webhook(delivery_id, reviews=(review,))
            if not kind.type.startswith("order."):
                return Webhook(delivery_id)
            order = self._order(_decoded(body, _Push).order, sent_at)
        except BadInput as exc:
            raw = body[: RAW_LIMIT * 4].decode("utf-8", "replace")[:RAW_LIMIT]
            refused = RejectedRow(exc.place or "body", exc.reason, raw)
            return Webhook(delivery_id, rejected=(refused,))
        return Webhook(delivery_id, (order.order_id,), (order,))

    def _order(self, told: _Order, sent_at: datetime) -> Order:
        """Our order. Without its own time of change, the time of sending tells which is newer."""
        currency = told.currency or self._shop.currency
        try:
            decimals_of(currency)
        except BadInput as exc:
            raise BadInput(exc.reason, place="order.currency") from exc
        refund = told.refund
        province = regions.province(told.province)
        return Order(
            shop_id=self._shop.id,
            order_id=told.id.strip(),
            status=told.status,
            raw_status=told.status.value,
            created_at=_utc(told.created_at),
            paid_at=_utc(told.paid_at),
            shipped_at=_utc(told.shipped_at),
            finished_at=_utc(told.finished_at),
            ship_by=_utc(told.ship_by),
            auto_confirm_at=_utc(told.auto_confirm_at),
            amount_minor=_minor(told.amount, currency, "order.amount"),
            currency=currency,
            # Nobody should send an e-mail address; who does has it kept as a digest only.
            buyer_ref=buyer_of_email(told.buyer, self._shop) or told.buyer.strip(),
            phone_tail=told.phone_tail,
            province=province,
            city=regions.city(told.city, province),
            country=told.country,
            refund=refund.status if refund else RefundStatus.UNKNOWN,
            refund_id=refund.id if refund else "",
            refund_amount_minor=_minor(refund.amount, currency, "order.refund.amount")
            if refund
            else None,
            lines=tuple(_line(line, at, currency) for at, line in enumerate(told.lines)),
            shipments=_shipments(told.shipments, currency),
            updated_at=_utc(told.updated_at) or sent_at,
            pay_by=_utc(told.pay_by),
            needs_payment=told.needs_payment,
        )

    def _review(self, told: _Review, sent_at: datetime) -> Review:
        """Our review. Like an order, it is as new as it says, else as new as the push."""
        if told.rating is None and not (told.text.strip() or told.follow_up or told.deleted):
            raise BadInput("there is neither a text nor a rating", place="review")
        return Review(
            shop_id=self._shop.id,
            review_id=told.id.strip(),
            text=told.text.strip(),
            rating=told.rating,
            order_id=told.order_id.strip(),
            line_id=told.line_id.strip(),
            product_id=told.product_id.strip(),
            product_title=told.product.strip(),
            buyer_ref=buyer_of_email(told.buyer, self._shop) or told.buyer.strip(),
            created_at=_utc(told.created_at),
            updated_at=_utc(told.updated_at) or sent_at,
            follow_up=told.follow_up.strip(),
            follow_up_at=_utc(told.follow_up_at),
            reply=told.reply.strip(),
            deleted=told.deleted,
            permalink=told.url,
        )


def _decoded(body: bytes, kind: Any) -> Any:
    """The body as that type. Raises `BadInput` with the place in it; values are not repeated."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as exc:
        said = _PLACE.fullmatch(str(exc))
        reason, place = (said[1], said[2]) if said else (str(exc), "body")
        raise BadInput(re.sub(r"value '.*'", "value", reason), place=place) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise BadInput("this is not JSON in UTF-8", place="body") from None


def _line(line: _Line, at: int, currency: str) -> OrderLine:
    amount = _minor(line.amount, currency, f"order.lines[{at}].amount")
    return OrderLine(line.title.strip(), line.quantity, line.sku, amount, line.id)


def _shipments(told: list[_Shipment], currency: str) -> tuple[Shipment, ...]:
    found: dict[str, Shipment] = {}
    for at, each in enumerate(told):
        place = f"order.shipments[{at}].waybill_number"
        try:
            numbers = values.parcels(each.waybill_number)
        except BadInput as exc:
            raise BadInput(exc.reason, place=place) from exc
        if len(numbers) != 1:
            raise BadInput("here must be one waybill number", place=place)
        number = numbers[0][0]
        courier = codes.from_text(each.courier) if each.courier not in codes.NAMES else each.courier
        inner = f"order.shipments[{at}]"
        shipment = Shipment(
            number,
            courier,
            each.courier[:40],
            _utc(each.shipped_at),
            weight_g=each.weight_g,
            length_mm=each.length_mm,
            width_mm=each.width_mm,
            height_mm=each.height_mm,
            service=each.service.strip(),
            declared_value_minor=_minor(each.declared_value, currency, f"{inner}.declared_value"),
            cod_minor=_minor(each.cash_on_delivery, currency, f"{inner}.cash_on_delivery"),
            parcel_count=each.parcel_count,
        )
        found.setdefault(number, shipment)
    return tuple(found.values())


def _minor(amount: str | None, currency: str, place: str) -> int | None:
    if amount is None:
        return None
    try:
        return to_minor(amount, currency)
    except BadInput as exc:
        raise BadInput(exc.reason, place=place) from exc


def _utc(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at else None
