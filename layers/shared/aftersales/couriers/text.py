"""What a Chinese scan text says, for the events that carry no code at all.

The keywords and their order are those of the couriers reference, section 2. Around them stand
guards, because a scan text also talks about what has not happened: it denies (未签收), it asks and
promises (请签收, 签收前), it advises (如有破损请拒收) and it advertises (疫情期间请放心收寄).
"""

from __future__ import annotations

import re
import unicodedata

from aftersales.tracking import DeliveredHow, Mapped, Reason, Status

_CLAUSE_ENDS = re.compile(r"[,;!?。\n]")  # after NFKC, which makes ，；！？ ASCII

# Advice and boilerplate: such a clause reports nothing.
_ADVICE = re.compile(
    r"^(?:如|若|倘|万一|一旦|为避免|为防|避免|以免|防止|谨防)"
    r"|^(?:期待|感谢|谢谢|欢迎)(?!.*已)"
    r"|可(?:以|自行)?(?:选择|设置|更改|修改|预约)"
)

_ADVERTISED = re.compile(r"疫情(?:防控)?期间.*")

_DEEDS = (
    "签收|妥投|拒收|退回|退件|破损|丢失|遗失|拦截|滞留|派送|派件|清关"
    "|揽收|揽件|收件|收寄|取出|取件|取走|领取"
)
# Up to how many characters may stand between 未 or 请 and the deed; 已 in between ends their reach.
_DENIED = re.compile(
    # 无锡 is a city, 未来城 a district; 无人接听 and 无法联系 deny nothing that follows.
    r"(?:未(?!来)|没|无(?!锡|人接|法联系)|不能|不予|不会|取消|停止|暂停|避免|防止|谨防|以免|勿"
    r"|[如若]有|如[遇需要]|是否|有无)"
    rf"[^已]{{0,4}}?(?:{_DEEDS})"
)
_PROMISED = re.compile(
    # A bare 将 mostly means 把: 已将快件退回.
    r"(?:请|(?<![接招])待|等候|即将|将[于在会为]|将(?=派)|预计|准备|方可|才能|便于|方便|凭.{0,6}码)"
    rf"[^已]{{0,8}}?(?:{_DEEDS})"
    r"|(?:签收|妥投|派送|派件|揽收|取件)(?:之?前|时(?!间)|码)"
)

_NOT_PICKED_UP = re.compile(
    r"(?:未|待|没有?)[^已]{0,3}(?:揽收|揽件|收寄)|揽收前|已下单|订单已(?:创建|提交)"
)
_ATTEMPT_FAILED = re.compile(
    r"未妥投|妥投失败|无法(?:派送|派件|投递)|无人签收|签收失败|(?:派送|派件|投递|配送)(?:不成功|未成功|失败|异常)"
)
_TAKEN_BACK = re.compile(
    r"(?:快递员|派件员|派送员|投递员|业务员|小哥)(?:[^已,]{0,14}取出|[^,]{0,14}取回)|取出.{0,6}重新派"
)
_STATION = re.compile(r"驿站|自提|丰巢|快递柜|代收点|自助柜|智能柜|寄存柜")
_STATION_IS_NOT_THE_PLACE = re.compile(r"发往|送往|前往|派往|运往|离开|发出|揽收|揽件|收寄|寄出")
_PUT_THERE = re.compile(
    r"取件|取货|取走|取出|领取|自提|代收|暂存|存放|投放|放入|放至|已到|签收|妥投"
)
_COLLECTED = re.compile(r"已取(?!消)|已签收|取出|已被?取走|已领取|已自提|取件成功|提货成功")
_SIGNED = re.compile(r"签收|妥投")
_CLEARED = re.compile(r"已清关|(?:清关|海关).{0,4}(?:完成|放行|结束)|已放行")
_CUSTOMS_HOLD = re.compile(r"(?:清关|海关).{0,6}(?:异常|失败|扣留|扣押|查扣)")
# 上海关山路 is a street, not a customs house.
_CUSTOMS = re.compile(r"清关|(?<!上)海关")
_PICKED_UP = re.compile(r"揽收|揽件|已收件|已收取快件|收寄|已取件")
# 派送部 and 派件网点 are places.
_OUT = re.compile(r"(?:派送|派件)(?!部|点|网点|站|公司|中心|范围|区域)")

_PROBLEMS: tuple[tuple[re.Pattern[str], Mapped], ...] = (
    (
        re.compile(r"退回妥投|退件妥投|退[回件]件?,?已?(?:由?寄件人|由?寄方)?已?签收"),
        Mapped(Status.RETURNED),
    ),
    (re.compile(r"拒收"), Mapped(Status.DELIVERY_FAILED, Reason.REFUSED)),
    (re.compile(r"退回|退件"), Mapped(Status.RETURNING)),
    (re.compile(r"破损"), Mapped(Status.EXCEPTION, Reason.DAMAGED)),
    (re.compile(r"丢失|遗失"), Mapped(Status.EXCEPTION, Reason.LOST)),
    (
        # 停机坪 is where the aircraft stands.
        re.compile(r"无人接听|无法联系|联系不上|停机(?![坪位])|关机"),
        Mapped(Status.DELIVERY_FAILED, Reason.CONTACT_FAILED),
    ),
    (
        re.compile(r"地址(?:不详|不明|错误|有误|不清)"),
        Mapped(Status.DELIVERY_FAILED, Reason.ADDRESS),
    ),
    (
        re.compile(r"超区|不派送区域|超出.{0,4}派送范围"),
        Mapped(Status.EXCEPTION, Reason.OUT_OF_AREA),
    ),
    (re.compile(r"拦截(?!失败)"), Mapped(Status.EXCEPTION, Reason.INTERCEPTED)),
    (re.compile(r"滞留|疫情|天气"), Mapped(Status.EXCEPTION, Reason.HELD)),
)

_HANDS: tuple[tuple[re.Pattern[str], DeliveredHow], ...] = (
    (re.compile(r"邻居"), DeliveredHow.NEIGHBOUR),
    (re.compile(r"代签|代收|他人|门卫|保安|前台|物业|家人|家属|同事"), DeliveredHow.AGENT),
    (re.compile(r"本人"), DeliveredHow.PERSON),
)


def read_text(text: str) -> Mapped:
    """The meaning of one scan text. Empty text is `unknown`; one without a keyword `in_transit`."""
    clauses = [
        clause
        for part in _CLAUSE_ENDS.split(unicodedata.normalize("NFKC", text))
        if (clause := _ADVERTISED.sub("", re.sub(r"\s+", "", part))) and not _ADVICE.search(clause)
    ]
    if not clauses:
        return Mapped(Status.IN_TRANSIT if text.strip() else Status.UNKNOWN)
    told = ",".join(clauses)
    # Where a clause promises and denies, what is left of it still counts (驿站 in 请到驿站取件).
    done = ",".join(_PROMISED.sub("", _DENIED.sub("", clause)) for clause in clauses)

    for pattern, mapped in _PROBLEMS:
        # 无法联系 and 不派送区域 hold a denying word themselves, so they are sought in both.
        if pattern.search(done) or (_denies_by_itself(mapped) and pattern.search(told)):
            return mapped
    return (
        _at_the_station(clauses, done)
        or _at_the_door(told, done)
        or _on_the_way(told, done)
        or Mapped(Status.IN_TRANSIT)
    )


def _denies_by_itself(mapped: Mapped) -> bool:
    return mapped.reason in (Reason.CONTACT_FAILED, Reason.OUT_OF_AREA)


def _at_the_station(clauses: list[str], done: str) -> Mapped | None:
    if _TAKEN_BACK.search(",".join(clauses)):
        return Mapped(Status.DELIVERY_FAILED, Reason.OTHER)
    for clause in clauses:
        is_station = _STATION.search(clause)
        passes_by = _STATION_IS_NOT_THE_PLACE.search(clause) and not _PUT_THERE.search(clause)
        if is_station and not passes_by:
            if _COLLECTED.search(done):
                return Mapped(Status.DELIVERED, delivered_how=DeliveredHow.LOCKER)
            return Mapped(Status.AVAILABLE_FOR_PICKUP)
    return None


def _at_the_door(told: str, done: str) -> Mapped | None:
    if _SIGNED.search(done):
        hands = (how for pattern, how in _HANDS if pattern.search(told))
        return Mapped(Status.DELIVERED, delivered_how=next(hands, DeliveredHow.UNKNOWN))
    if _ATTEMPT_FAILED.search(told):
        return Mapped(Status.DELIVERY_FAILED, Reason.OTHER)
    if _OUT.search(done):
        return Mapped(Status.OUT_FOR_DELIVERY)
    return None


def _on_the_way(told: str, done: str) -> Mapped | None:
    if _CUSTOMS_HOLD.search(told):
        return Mapped(Status.CUSTOMS, Reason.CUSTOMS_HOLD)
    if _CLEARED.search(done):
        return Mapped(Status.IN_TRANSIT)
    if _CUSTOMS.search(told):
        return Mapped(Status.CUSTOMS)
    if _PICKED_UP.search(done):
        return Mapped(Status.PICKED_UP)
    if _NOT_PICKED_UP.search(told):
        return Mapped(Status.INFO_RECEIVED)
    return None
