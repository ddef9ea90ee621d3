"""Courier codes: ours, the tracking sources', and the names that people and exports write.

The table is section 11 of the couriers reference, the names are the end of section 7 of the export
files reference. What is marked unverified there is read when a vendor sends it, but never sent: it
has no code here until a merchant adds one (setting `tracking.courier_codes`), because
aggregators rename codes and a wrong one makes a number look dead.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

SOURCES = ("kuaidi100", "kdniao", "seventeentrack", "aftership", "easypost", "sf")

# our code: (zh-CN, zh-TW, en)
NAMES: dict[str, tuple[str, str, str]] = {
    "sf": ("顺丰速运", "順豐速運", "SF Express"),
    "sf_freight": ("顺丰快运", "順豐快運", "SF Freight"),
    "yto": ("圆通速递", "圓通速遞", "YTO Express"),
    "zto": ("中通快递", "中通快遞", "ZTO Express"),
    "zto_freight": ("中通快运", "中通快運", "ZTO Freight"),
    "sto": ("申通快递", "申通快遞", "STO Express"),
    "yunda": ("韵达快递", "韻達快遞", "Yunda Express"),
    "yunda_freight": ("韵达快运", "韻達快運", "Yunda Freight"),
    "jt": ("极兔速递", "極兔速遞", "J&T Express"),
    "jd": ("京东快递", "京東快遞", "JD Logistics"),
    "jd_freight": ("京东快运", "京東快運", "JD Freight"),
    "ems": ("EMS", "EMS", "China EMS"),
    "china_post": ("邮政快递包裹", "郵政快遞包裹", "China Post"),
    "china_post_standard": ("邮政标准快递", "郵政標準快遞", "China Post Standard"),
    "best": ("百世快递", "百世快遞", "Best Express"),
    "best_freight": ("百世快运", "百世快運", "Best Freight"),
    "deppon": ("德邦快递", "德邦快遞", "Deppon Express"),
    "deppon_freight": ("德邦物流", "德邦物流", "Deppon Freight"),
    "danniao": ("菜鸟速递（丹鸟）", "菜鳥速遞（丹鳥）", "Cainiao Express (Danniao)"),
    "cainiao": ("菜鸟国际", "菜鳥國際", "Cainiao Global"),
    "fengwang": ("丰网速运", "豐網速運", "Fengwang Express"),
    "kuayue": ("跨越速运", "跨越速運", "Kuayue Express"),
    "ane": ("安能物流", "安能物流", "ANE Logistics"),
    "zjs": ("宅急送", "宅急送", "ZJS Express"),
    "uc": ("优速快递", "優速快遞", "UC Express"),
    "dhl": ("DHL", "DHL", "DHL Express"),
    "fedex": ("联邦快递", "聯邦快遞", "FedEx"),
    "fedex_cn": ("联邦快递（国内）", "聯邦快遞（中國境內）", "FedEx China Domestic"),
    "ups": ("UPS", "UPS", "UPS"),
    "usps": ("美国邮政", "美國郵政", "USPS"),
    "yanwen": ("燕文物流", "燕文物流", "Yanwen"),
    "fourpx": ("递四方", "遞四方", "4PX"),
    "yunexpress": ("云途物流", "雲途物流", "YunExpress"),
    "sunyou": ("顺友物流", "順友物流", "SunYou"),
    "winit": ("万邑通", "萬邑通", "WINIT"),
    "royal_mail": ("英国皇家邮政", "英國皇家郵政", "Royal Mail"),
    "canada_post": ("加拿大邮政", "加拿大郵政", "Canada Post"),
    "auspost": ("澳大利亚邮政", "澳洲郵政", "Australia Post"),
    "s10": ("国际邮件", "國際郵件", "International mail"),
}

_SEND: dict[str, dict[str, str]] = {
    "kuaidi100": {
        "sf": "shunfeng",
        "sf_freight": "shunfengkuaiyun",
        "yto": "yuantong",
        "zto": "zhongtong",
        "zto_freight": "zhongtongkuaiyun",
        "sto": "shentong",
        "yunda": "yunda",
        "yunda_freight": "yundakuaiyun",
        "jt": "jtexpress",
        "jd": "jd",
        "jd_freight": "jingdongkuaiyun",
        "ems": "ems",
        "china_post": "youzhengguonei",
        "china_post_standard": "youzhengbk",
        "best": "huitongkuaidi",
        "best_freight": "baishiwuliu",
        "deppon": "debangkuaidi",
        "deppon_freight": "debangwuliu",
        "danniao": "danniao",
        "fengwang": "fengwang",
        "kuayue": "kuayue",
        "ane": "annengwuliu",
        "zjs": "zhaijisong",
        "uc": "youshuwuliu",
        "dhl": "dhl",
        "fedex": "fedex",
        "fedex_cn": "fedexcn",
        "ups": "ups",
        "usps": "usps",
        "yanwen": "yw56",
        "fourpx": "disifang",
        "sunyou": "sypost",
        "winit": "winit",
    },
    "kdniao": {
        "sf": "SF",
        "yto": "YTO",
        "zto": "ZTO",
        "zto_freight": "ZTOKY",
        "sto": "STO",
        "yunda": "YD",
        "yunda_freight": "YDKY",
        "jt": "JTSD",
        "jd": "JD",
        "jd_freight": "JDKY",
        "ems": "EMS",
        "china_post": "YZPY",
        "china_post_standard": "YZBK",
        "best": "HTKY",
        "best_freight": "BTWL",
        "deppon": "DBL",
        "deppon_freight": "DBLKY",
        "danniao": "DNWL",
        "cainiao": "CAINIAO",
        "fengwang": "FWX",
        "kuayue": "KYSY",
        "ane": "ANEKY",
        "zjs": "ZJS",
        "uc": "UC",
        "dhl": "DHL",
        "fedex": "FEDEX_GJ",
        "ups": "UPS",
        "fourpx": "D4PX",
    },
    "seventeentrack": {
        "sf": "100012",
        "yto": "190157",
        "zto": "190455",
        "zto_freight": "191106",
        "sto": "190324",
        "yunda": "191197",
        "jt": "190442",
        "jd": "191121",
        "ems": "3013",
        "china_post": "3011",
        "china_post_standard": "3011",
        "best": "190259",
        "best_freight": "190846",
        "deppon": "190174",
        "danniao": "191076",
        "cainiao": "190271",
        "kuayue": "190551",
        "ane": "191174",
        "uc": "190415",
        "dhl": "100001",
        "fedex": "100003",
        "ups": "100002",
        "usps": "21051",
        "yanwen": "190012",
        "fourpx": "190094",
        "yunexpress": "190008",
        "sunyou": "190072",
        "winit": "190284",
        "royal_mail": "11031",
        "canada_post": "3041",
        "auspost": "1151",
    },
    "aftership": {
        "sf": "sf-express",
        "yto": "yto",
        "zto": "zto",
        "sto": "sto",
        "yunda": "yundaex",
        "best": "800bestex",
        "zjs": "zjs-express",
        "dhl": "dhl",
        "fedex": "fedex",
        "ups": "ups",
        "usps": "usps",
        "yanwen": "yanwen",
        "fourpx": "4px",
        "yunexpress": "yunexpress",
        "royal_mail": "royal-mail",
    },
    "easypost": {
        "usps": "USPS",
        "ups": "UPS",
        "fedex": "FedEx",
        "dhl": "DHLExpress",
        "royal_mail": "RoyalMail",
        "canada_post": "CanadaPost",
        "auspost": "AustraliaPost",
        "china_post": "ChinaPost",
    },
    "sf": {"sf": "sf"},  # the interface takes no courier: it knows its own parcels only
}

# Further vendor codes of one courier, and unverified ones: understood, never sent.
_READ_ALSO: dict[str, dict[str, str]] = {
    "kuaidi100": {"cainiao": "cainiao"},
    "kdniao": {
        "danniao": "danniao",
        "ane": "ane",
        "sfky": "sf_freight",
        "fedex": "fedex_cn",
        "usps": "usps",
    },
    "seventeentrack": {
        "190766": "sf",
        "190175": "zto",
        "190316": "sto",
        "190341": "yunda",
        "100295": "jt",
        "190302": "jd",
        "190845": "kuayue",
        "3011": "china_post",
    },
    "aftership": {
        "china-ems": "ems",
        "china-post": "china_post",
        "cainiao": "cainiao",
        "canada-post": "canada_post",
        "australia-post": "auspost",
    },
    "easypost": {"dhl": "dhl"},
    "sf": {},
}

# Searched in this order, the first that is found counts: what is not a courier, freight before
# parcel, names that also belong to marketplaces or waybill systems (京东, 菜鸟) last, because
# an ERP writes `京东-中通` or `菜鸟圆通` for parcels of 中通 and 圆通.
_NAMED: tuple[tuple[str, str], ...] = (
    (r"无需(?:物流|快递|发货|配送)|商家(?:自送|自配|配送)|上门自提|到店自提|同城自送", ""),
    (r"顺丰(?:快运|重货|零担|卡航|大件)|(?<![A-Z])SFKY(?![A-Z])|SF ?FREIGHT", "sf_freight"),
    (r"中通快运|(?<![A-Z])ZTOKY(?![A-Z])|(?:ZTO|ZHONG ?TONG) ?(?:FREIGHT|KUAI ?YUN)",
     "zto_freight"),
    (r"韵达快运|(?<![A-Z])YDKY(?![A-Z])|YUNDA ?FREIGHT", "yunda_freight"),
    (r"京东(?:快运|大件|重货|零担)|(?<![A-Z])JDKY(?![A-Z])", "jd_freight"),
    (r"百世(?:快运|物流|云配)|(?<![A-Z])BTWL(?![A-Z])", "best_freight"),
    (r"德邦(?:快运|物流|零担|大件)|(?<![A-Z])DBLKY(?![A-Z])"
     r"|(?:DEPPON|DE ?BANG) ?(?:FREIGHT|WU ?LIU|KUAI ?YUN)", "deppon_freight"),
    (r"安能", "ane"),
    (r"顺丰|(?<![A-Z])(?:S\.?F\.?|SHUN ?FENG)(?![A-Z])", "sf"),
    (r"圆通|(?<![A-Z])(?:YTO|YUAN ?TONG)(?![A-Z])", "yto"),
    (r"中通|(?<![A-Z])(?:ZTO|ZHONG ?TONG)(?![A-Z])", "zto"),
    (r"申通|(?<![A-Z])(?:STO|SHEN ?TONG)(?![A-Z])", "sto"),
    (r"韵达|(?<![A-Z])YUN ?DA(?:EX)?(?![A-Z])", "yunda"),
    (r"极兔|J ?& ?T|(?<![A-Z])(?:JI ?TU|JTSD|JTEXPRESS|JT|J ?N ?T|JNTEXPRESS|J[-_]T)(?![A-Z])",
     "jt"),
    (r"百世|汇通|(?<![A-Z])(?:BEST(?: ?EX(?:PRESS)?| ?INC)|BAI ?SHI)(?![A-Z])", "best"),
    (r"德邦|(?<![A-Z])(?:DEPPON|DE ?BANG)(?![A-Z])", "deppon"),
    (r"丰网", "fengwang"),
    (r"跨越|(?<![A-Z])KYE(?![A-Z])", "kuayue"),
    (r"优速", "uc"),
    (r"宅急送|(?<![A-Z])ZJS(?![A-Z])", "zjs"),
    (r"递四方|(?<![A-Z0-9])4 ?PX(?![A-Z])", "fourpx"),
    (r"燕文|YANWEN", "yanwen"),
    (r"云途|YUN ?EXPRESS", "yunexpress"),
    (r"顺友|SUN ?YOU", "sunyou"),
    (r"万邑通|(?<![A-Z])WINIT(?![A-Z])", "winit"),
    (r"(?:联邦|FED ?EX)[^A-Z]*(?:国|境)内|FED ?EX ?CN(?![A-Z])", "fedex_cn"),
    (r"联邦快递|FED ?EX", "fedex"),
    (r"(?<![A-Z])DHL(?![A-Z])|敦豪", "dhl"),
    (r"(?<![A-Z])USPS(?![A-Z])|美国邮政", "usps"),
    (r"(?<![A-Z])UPS(?![A-Z])|联合包裹", "ups"),
    (r"ROYAL ?MAIL|皇家邮政|英国邮政", "royal_mail"),
    (r"CANADA ?POST|加拿大邮政", "canada_post"),
    (r"AUS(?:TRALIA)? ?POST|澳(?:大利亚|洲)邮政", "auspost"),
    (r"京东(?:快递|物流|配送)|(?<![A-Z])JD(?:L|VD)(?![A-Z])|JD ?LOGISTICS", "jd"),
    (r"菜鸟(?:国际|跨境|全球|海外)|CAINIAO ?(?:GLOBAL|INTERNATIONAL)", "cainiao"),
    (r"菜鸟(?:速递|快递|直送|配送)|丹鸟|(?<![A-Z])DANNIAO(?![A-Z])|CAINIAO ?EXPRESS", "danniao"),
    (r"(?<![A-Z])EMS(?![A-Z])|邮政(?:特快|速递|快递专递)|特快专递", "ems"),
    (r"邮政(?:电商)?标(?:准快递|快)", "china_post_standard"),
    (r"(?:新加坡|马来西亚|荷兰|瑞典|瑞士|德国|法国|意大利|西班牙|比利时|芬兰|日本|韩国|泰国|越南"
     r"|俄罗斯|巴西|印度|香港|澳门|台湾|中华|立陶宛|爱沙尼亚|拉脱维亚|土耳其|新西兰)邮政", ""),
    (r"邮政|CHINA ?POST", "china_post"),
    (r"京东|(?<![A-Z])(?:JD|JING ?DONG)(?![A-Z])", "jd"),
    (r"菜鸟(?!裹裹|驿站|电子面单|仓)", "danniao"),
)  # fmt: skip

# Traditional characters of the names above.
_TRADITIONAL = str.maketrans(
    "順豐圓韻達極東郵鳥優遞萬雲聯國際運貨無機環馬荷蘭意亞臺灣紐羅賓滙匯標準電內裏單倉"
    "澳門華陸韓俄爾瑞麥專線網鋪遲開發門門",
    "顺丰圆韵达极东邮鸟优递万云联国际运货无机环马荷兰意亚台湾纽罗宾汇汇标准电内里单仓"
    "澳门华陆韩俄尔瑞麦专线网铺迟开发门门",
)
_SPACE_BESIDE_HAN = re.compile(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])")
_LANGUAGES = ("zh-CN", "zh-TW", "en")


class CourierCodes:
    """The code table with a merchant's own entries: source -> our code -> the vendor's code.

    An entry with an empty text takes a built-in code away. Both directions follow the overrides.
    """

    def __init__(self, overrides: Mapping[str, Mapping[str, str]] | None = None) -> None:
        changed = overrides or {}
        self._send: dict[str, dict[str, str]] = {}
        self._read: dict[str, dict[str, str]] = {}
        for source in SOURCES:
            own = {courier: str(code).strip() for courier, code in changed.get(source, {}).items()}
            send = {**_SEND[source], **own}
            self._send[source] = {courier: code for courier, code in send.items() if code}
            read = {code.lower(): courier for courier, code in _SEND[source].items()}
            read.update(_READ_ALSO[source])
            read.update({code.lower(): courier for courier, code in own.items() if code})
            self._read[source] = read

    def to_source(self, courier: str, source: str) -> str | None:
        """See the function of the same name."""
        return self._send.get(source, {}).get(courier)

    def from_source(self, source: str, raw: str) -> str:
        """See the function of the same name."""
        folded = str(raw).strip().lower()
        return self._read.get(source, {}).get(folded, folded)


@cache
def _built_in() -> CourierCodes:
    return CourierCodes()


_in_use: CourierCodes | None = None


def use(overrides: Mapping[str, Mapping[str, str]]) -> None:
    """Let this process translate with a merchant's entries, until the next call.

    To be called when settings were loaded: replies are also read where no settings are at hand.
    """
    global _in_use  # noqa: PLW0603 - the table is one per process, as the settings are
    _in_use = with_overrides(overrides)


def with_overrides(overrides: Mapping[str, Mapping[str, str]]) -> CourierCodes:
    """The built-in table with a merchant's entries (setting `tracking.courier_codes`) over it."""
    return CourierCodes(overrides) if overrides else _built_in()


def to_source(courier: str, source: str) -> str | None:
    """The vendor's code for our `courier`, or None where none is known (17TRACK's are digits)."""
    return (_in_use or _built_in()).to_source(courier, source)


def from_source(source: str, raw: str) -> str:
    """Our code for a vendor's, in whatever case; an unknown one lower-cased and stripped."""
    return (_in_use or _built_in()).from_source(source, raw)


def from_text(text: str) -> str:
    """Our code for a courier's name as exports and people write it; "" where it is none or unknown.

    Vendor codes are understood too. The name may stand inside a longer one (`加密-京东`).
    """
    folded = unicodedata.normalize("NFKC", text).strip().upper().translate(_TRADITIONAL)
    folded = _SPACE_BESIDE_HAN.sub("", folded)
    if not folded:
        return ""
    code = folded.lower()
    if code in NAMES:
        return code
    for pattern, courier in _NAMED:
        if re.search(pattern, folded):
            return courier
    for source in ("kuaidi100", "kdniao"):
        courier = _built_in().from_source(source, code)
        if courier in NAMES:
            return courier
    return ""


def display_name(courier: str, language: str) -> str:
    """The name agents know, in zh-CN (also for unknown languages), zh-TW or en; else the code."""
    names = NAMES.get(courier)
    if names is None:
        return courier
    return names[_LANGUAGES.index(language) if language in _LANGUAGES else 0]
