"""The keyword fallback for scan texts without a code, and what it must not be taken in by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.couriers.text import read_text
from aftersales.tracking import DeliveredHow, Mapped, Reason, Status

DELIVERED = Mapped(Status.DELIVERED, delivered_how=DeliveredHow.UNKNOWN)
AT_STATION = Mapped(Status.AVAILABLE_FOR_PICKUP)
FROM_LOCKER = Mapped(Status.DELIVERED, delivered_how=DeliveredHow.LOCKER)
UNREACHABLE = Mapped(Status.DELIVERY_FAILED, Reason.CONTACT_FAILED)
BAD_ADDRESS = Mapped(Status.DELIVERY_FAILED, Reason.ADDRESS)
REFUSED = Mapped(Status.DELIVERY_FAILED, Reason.REFUSED)
FAILED = Mapped(Status.DELIVERY_FAILED, Reason.OTHER)
HELD = Mapped(Status.EXCEPTION, Reason.HELD)
MOVING = Mapped(Status.IN_TRANSIT)


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("邮件退回妥投", Mapped(Status.RETURNED)),
        ("退件签收，寄方门卫", Mapped(Status.RETURNED)),
        ("客户拒收，准备退回", REFUSED),
        ("快件退回中，已到达杭州转运中心", Mapped(Status.RETURNING)),
        ("退件已装车", Mapped(Status.RETURNING)),
        ("外包装破损，正在核实", Mapped(Status.EXCEPTION, Reason.DAMAGED)),
        ("快件丢失，已登记", Mapped(Status.EXCEPTION, Reason.LOST)),
        ("快件疑似遗失", Mapped(Status.EXCEPTION, Reason.LOST)),
        ("收件人电话无人接听", UNREACHABLE),
        ("多次无法联系收件人", UNREACHABLE),
        ("收件人手机停机", UNREACHABLE),
        ("收件人手机关机", UNREACHABLE),
        ("收件地址不详", BAD_ADDRESS),
        ("地址错误，待客户更正", BAD_ADDRESS),
        ("该地址超区", Mapped(Status.EXCEPTION, Reason.OUT_OF_AREA)),
        ("属不派送区域", Mapped(Status.EXCEPTION, Reason.OUT_OF_AREA)),
        ("快件已被拦截", Mapped(Status.EXCEPTION, Reason.INTERCEPTED)),
        ("快件滞留网点", HELD),
        ("受疫情影响，快件延误", HELD),
        ("因天气原因暂缓", HELD),
        ("已放入丰巢智能柜，凭取件码取件", AT_STATION),
        ("快件已到达菜鸟驿站，请及时领取", AT_STATION),
        ("已暂存至快递柜", AT_STATION),
        ("已由代收点代签收", AT_STATION),
        ("快件到达，请到网点自提", AT_STATION),
        ("丰巢柜内包裹已取", FROM_LOCKER),
        ("在驿站已签收", FROM_LOCKER),
        ("您已从快递柜取出快件", FROM_LOCKER),
        ("客户已自提", FROM_LOCKER),
        ("快件已签收", DELIVERED),
        ("邮件已妥投", DELIVERED),
        ("本人签收", Mapped(Status.DELIVERED, delivered_how=DeliveredHow.PERSON)),
        ("门卫代签收", Mapped(Status.DELIVERED, delivered_how=DeliveredHow.AGENT)),
        ("邻居签收", Mapped(Status.DELIVERED, delivered_how=DeliveredHow.NEIGHBOUR)),
        ("快递员正在派送", Mapped(Status.OUT_FOR_DELIVERY)),
        ("派件中", Mapped(Status.OUT_FOR_DELIVERY)),
        ("清关查验", Mapped(Status.CUSTOMS)),
        ("到达海关", Mapped(Status.CUSTOMS)),
        ("海关扣留", Mapped(Status.CUSTOMS, Reason.CUSTOMS_HOLD)),
        ("清关完成", MOVING),
        ("快件已揽收", Mapped(Status.PICKED_UP)),
        ("已收件", Mapped(Status.PICKED_UP)),
        ("邮政收寄", Mapped(Status.PICKED_UP)),
        ("离开武汉转运中心，下一站郑州", MOVING),
    ],
)
def test_each_keyword_is_read(said: str, meaning: Mapped) -> None:
    assert read_text(said) == meaning


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("未签收", MOVING),
        ("派件未签收", Mapped(Status.OUT_FOR_DELIVERY)),
        ("未妥投，备注：其他", FAILED),
        ("未妥投，电话无人接听", UNREACHABLE),
        ("派送不成功", FAILED),
        ("尚未揽收", Mapped(Status.INFO_RECEIVED)),
        ("等待揽收", Mapped(Status.INFO_RECEIVED)),
        ("快件未丢失，正在运输", MOVING),
        ("外包装无破损，已装车", MOVING),
        ("已取消拦截，继续运输", MOVING),
        ("包裹在驿站，客户未取出", AT_STATION),
        ("无法派送", FAILED),
        ("客户是否拒收待确认", MOVING),
    ],
)
def test_what_is_denied_has_not_happened(said: str, meaning: Mapped) -> None:
    assert read_text(said) == meaning


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("签收前请当面验货", MOVING),
        ("请签收", MOVING),
        ("请您本人签收", MOVING),
        ("等待派送", MOVING),
        ("即将派件", MOVING),
        ("如有破损请拒收，正在派件", Mapped(Status.OUT_FOR_DELIVERY)),
        ("若退回请联系客服，快件已揽收", Mapped(Status.PICKED_UP)),
        ("派件中，疫情期间网点每天消毒，请放心收寄", Mapped(Status.OUT_FOR_DELIVERY)),
        ("派件中，您可选择放驿站或快递柜", Mapped(Status.OUT_FOR_DELIVERY)),
    ],
)
def test_what_is_promised_or_advised_has_not_happened(said: str, meaning: Mapped) -> None:
    assert read_text(said) == meaning


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("飞机已到停机坪", MOVING),
        ("无锡派件中", Mapped(Status.OUT_FOR_DELIVERY)),
        ("未来城营业部派件中", Mapped(Status.OUT_FOR_DELIVERY)),
        ("已将快件退回寄件人", Mapped(Status.RETURNING)),
        ("网点将快件退回", Mapped(Status.RETURNING)),
        ("感谢使用，快件已签收", DELIVERED),
        ("感谢使用本公司快递 快件已签收", DELIVERED),
        ("消防队签收", DELIVERED),
        ("电话无人接听退回", Mapped(Status.RETURNING)),
        ("已签收 疫情期间小哥每天测量体温", DELIVERED),
        ("到达上海关山路营业部", MOVING),
        ("到达江南派送部", MOVING),
        ("正在送往菜鸟驿站", MOVING),
        ("在菜鸟驿站揽收成功", Mapped(Status.PICKED_UP)),
        ("快递员已从丰巢取回，重新派件", FAILED),
        ("已签收，签收时间 12:30，签收人凭取货码", DELIVERED),
    ],
)
def test_a_keyword_inside_another_word_is_not_taken_for_it(said: str, meaning: Mapped) -> None:
    assert read_text(said) == meaning


def test_no_text_says_nothing() -> None:
    assert read_text("  ") == Mapped(Status.UNKNOWN)


@given(st.text(alphabet="未请已待如签收妥投拒退回件驿站丰巢取出派送揽海关，。 (【x1", max_size=40))
def test_every_text_has_a_meaning_and_width_does_not_change_it(said: str) -> None:
    wide = said.replace("(", "（").replace("1", "１").replace("x", "ｘ")
    assert read_text(wide) == read_text(said)
    if "已" not in said and "签收" not in said and "妥投" not in said and "取出" not in said:
        assert read_text(said).status is not Status.DELIVERED
