"""What a charge is called: one code for the many words that bills and rate cards use.

Names and codes follow the courier bills reference (Chinese statements, UPS, FedEx, DHL). A word
that is not known stays as it is written, folded, so that a card and a bill that use it meet.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache

from courier_reconciliation.model import FREIGHT, TOTAL

OTHER = "other"
"""A column that sums up extras without naming them (附加费)."""


class Due(StrEnum):
    """When a surcharge that the card allows is to be expected on a bill."""

    ALWAYS = "always"
    DECLARED = "declared"
    """Only where a value was declared."""
    COD = "cod"
    """Only where cash is collected."""
    RETURNED = "returned"
    """Only where the parcel came back; a bill may also state it later."""
    ALLOWED = "allowed"
    """May be billed up to its amount; what calls for it is not in the shipments."""


_WORDS: dict[str, str] = {
    FREIGHT: (
        "freight 运费 快递费 快递运费 中转费 基础运费 首重费 续重费 首重 续重 韵达运费 "
        "标准运费 快件运费 transportation_charge transportation_charge_amount freight_amt "
        "weight_charge frt shp scc shipping_charge_correction transportation "
        "ground_commercial base_charge"
    ),
    TOTAL: "total 合计 总计 总费用 合计金额 应付金额 应收金额 net_charge",
    "insurance": (
        "insurance 保价费 保费 保价 保价服务费 保险费 insurancefee declared_value fpod "
        "shipment_insurance insured_value shipment_value_protection"
    ),
    "cod": (
        "cod 代收货款手续费 代收手续费 代收货款 代收货款费 代收货款服务费 collectionfee "
        "cod手续费 c.o.d. collect_on_delivery cod_fee"
    ),
    "fuel": (
        "fuel 燃油附加费 燃油费 燃油 燃料附加费 燃油附加 fuel_surcharge fuel_amt fsc ff fuel_charge"
    ),
    "remote": (
        "remote 偏远 偏远费 偏远附加费 偏远地区附加费 偏远加收 超区 超区费 超区附加费 "
        "超范围附加费 exceededareafee remote_area remote_area_delivery "
        "remote_area_surcharge remote_area_service das das_amt delivery_area_surcharge "
        "das_extended das_remote extended_area_surcharge delivery_area_surcharge_extended "
        "oo out_of_area"
    ),
    "residential": (
        "residential 住宅附加费 住宅派送附加费 住宅费 residential_surcharge "
        "residential_delivery resi_amt resi residential_adjustment radj"
    ),
    "oversize": (
        "oversize 超长超重 超长超重费 超长超重附加费 超长费 超重费 超长 超重 异形件 "
        "异形件费 异形件附加费 超规 超规附加费 overlengthoverweightfee oversize_charge "
        "odd_shape irregular irregular_shape bulky overlength "
        "oversize_piece overweight_piece large_package large_package_surcharge "
        "over_maximum_limits overweight yb yy"
    ),
    "handling": (
        "handling 操作费 装卸费 handlingcharges additional_handling "
        "additional_handling_surcharge ahs non_conveyable_piece"
    ),
    "peak": (
        "peak 资源调节费 旺季附加费 旺季 高峰附加费 节假日附加费 春节附加费 大促附加费 "
        "旺季资源调节费 resourceconditioningcharges peak_surcharge demand_surcharge "
        "peak_season_surcharge resource resource_adjustment holiday"
    ),
    "return": (
        "return 退回费 退回 退回运费 退件费 退件运费 退回附加费 退货费 逆向 逆向物流 "
        "逆向物流费 退转费 returnfee return_fee return_to_sender rts returns rtn"
    ),
    "forward": "forward 转寄 转寄费 转寄转退 转运费 forwarding_fee",
    "address_correction": (
        "address_correction 改址 改址费 更址费 地址修改费 地址更正费 expressaddrchangefee "
        "adc address_change address_correction_fee"
    ),
    "intercept": "intercept 拦截 拦截费 拦截服务费 delivery_intercept interception",
    "signed_receipt": (
        "signed_receipt 签单返还 签单返还费 签回单 签回单费 回单费 回单 signandreturn "
        "sign_return signed_return receipt_return return_receipt"
    ),
    "signature": (
        "signature 签收确认费 signature_required din direct_signature adult_signature "
        "indirect_signature delivery_confirmation_signature"
    ),
    "packaging": "packaging 包装费 包装 包装服务费 包材费 packagingfee packing",
    "pickup": (
        "pickup 上门费 上门 上门取件费 取件费 委托取件 接货费 上门接货费 pickupservicefee "
        "pickup_charge pickup_fee"
    ),
    "delivery": "delivery 送货费 送货 派送费 配送费 deliveryservicefee delivery_fee",
    "stairs": "stairs upstairs stair_carry 上楼费 上楼 送货上楼费 送货上楼 大件上楼费",
    "label": "label 面单费 面单 电子面单费 电子面单 预收面单费 label_fee",
    "warehousing": "warehousing 特殊入仓费 入仓费 特殊入仓 specialwarehousingfee",
    "fresh": "fresh 生鲜费 生鲜 保鲜费 冷链费 freshfee",
    "saturday": "saturday weekend 周末派送费 saturday_delivery saturday_surcharge weekend_delivery",
    "customs": "customs 关税 报关费 清关费 duty duty_tax disbursement brk gov xx xb 代垫费",
    "tax": "tax 税费 税额 增值税 vat",
    "compensation": (
        "compensation 快递赔付 赔付 理赔 理赔款 赔偿 赔款 expresscompensation gsr agsr "
        "guarantee_refund service_refund refund"
    ),
    "discount": (
        "discount 折扣 折扣/促销 优惠 促销 vol_disc earned_disc incentive "
        "performance_pricing automation_discount earned_discount grace_discount"
    ),
    "chargeback": "chargeback 拒付转寄方 clb charge_back third_party_chargeback",
    "collect": "collect 到付 到付款 到付费 freight_collect",
    "late_pickup": "same_day_pickup",
    "xinjiang_tibet": "xinjiang_tibet xinxi 新西费用 新西加收 新西附加费",
    "shanghai": "shanghai 上海加收费用 上海加收",
    "beijing": "beijing 北京加收费用 北京加收",
    "five_provinces": "five_provinces 五省加收 五省超出加收",
    "over_3kg": "over_3kg 3kg以上费用 3kg以上",
    OTHER: (
        "other 附加费 其他费用 其它费用 其他 其他费 其它费 加收费 加收 增值服务费 增值费 "
        "surcharge surcharges otherfee other_charges extra_charges total_extra_charges "
        "other_charge msc"
    ),
}

_DUE: dict[str, Due] = {
    "insurance": Due.DECLARED,
    "cod": Due.COD,
    "return": Due.RETURNED,
    **dict.fromkeys(
        (
            *("address_correction", "oversize", "handling", "residential", "forward", "intercept"),
            *("signed_receipt", "signature", "packaging", "pickup", "delivery", "stairs"),
            *("warehousing", "fresh", "saturday", "customs", "late_pickup", "compensation", OTHER),
            *("chargeback", "collect", "discount"),
        ),
        Due.ALLOWED,
    ),
}

_BY_WORD = {word: code for code, words in _WORDS.items() for word in words.split()}
_UNIT = re.compile(r"\((?:[¥$€£]|元|cny|usd|rmb|kg|公斤)[^()]*\)$|[:：*]+$")
_ENDING = (
    r"_?(?:surcharge|charge|fee|cost|amount|amt|price|rate)s?$|^surcharge_"
    r"|(?:附加|服务|手续|加收|加价)?费用?$|(?:附加|加收|加价)$"
)
_ANOTHER = r"receipt|签单|回单|value_of|discount|折扣|优惠|refund|赔"
_SPEAKS_OF = (
    ("insurance", r"(?:^|_)insur|保价|保险"),
    ("cod", r"(?:^|_)cod(?:_|$)|cash_on_delivery|代收"),
    ("return", r"(?:^|_)return|退回|退件|退转|退货|返程|逆向"),
    ("remote", r"(?:^|_)remote(?:_|$)|偏远|超区|超范围"),
    ("fuel", r"(?:^|_)fuel(?:_|$)|燃油|燃料"),
    ("residential", r"(?:^|_)residential(?:_|$)|住宅"),
    ("customs", r"(?:^|_)dut(?:y|ies)(?:_|$)|import_(?:export_)?tax|customs|关税|清关"),
    ("peak", r"(?:^|_)(?:peak|demand)(?:_|$)|旺季|高峰|资源调节"),
    ("address_correction", r"address_(?:correct|change)|改址|更址"),
    ("oversize", r"(?:^|_)over_?(?:size|weight|length)|超长|超重|异形"),
)
_SPACES = re.compile(r"[\s_\-–—]+")


@lru_cache(maxsize=4096)
def code_of(text: str) -> str:
    """The code of a charge: `保价费（元）` and `Declared Value` are insurance; "" for nothing.

    `freight` and `total` are among the answers. A word that is not among ours is looked at more
    closely (`insurance_charge`, 偏远地区加收费); one that says nothing comes back folded.
    """
    code = word_of(text)
    return code if code in _WORDS or not code else _likely(code)


@lru_cache(maxsize=4096)
def word_of(text: str) -> str:
    """The code of a word that is among ours, else the word itself, folded."""
    folded = unicodedata.normalize("NFKC", text).strip().casefold()
    folded = _UNIT.sub("", folded).strip()
    if not folded:
        return ""
    joined = _SPACES.sub("_", folded)
    for form in (joined, joined.replace("_", "")):
        if form in _BY_WORD:
            return _BY_WORD[form]
    return joined


def _likely(word: str) -> str:
    """The code that an unknown word speaks of, else the word."""
    if re.search(_ANOTHER, word):
        return word
    bare = word
    while (shorter := re.sub(_ENDING, "", bare)) != bare and shorter:
        bare = shorter
        if bare in _BY_WORD:
            return _BY_WORD[bare]
    return next((code for code, pattern in _SPEAKS_OF if re.search(pattern, word)), word)


def is_known(code: str) -> bool:
    """Whether the code is one of ours, rather than somebody's own word."""
    return code in _WORDS


def due_of(code: str) -> Due:
    """When a surcharge of this code is expected, where the card does not say so itself."""
    return _DUE.get(code, Due.ALWAYS)
