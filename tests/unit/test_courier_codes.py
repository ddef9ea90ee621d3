"""Courier codes and names."""

from __future__ import annotations

import pytest

from aftersales.couriers import codes

SENT = [
    (source, courier) for source in codes.SOURCES for courier in codes.NAMES
    if codes.to_source(courier, source) is not None
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "courier", "code"),
    [
        ("kuaidi100", "sf", "shunfeng"),
        ("kuaidi100", "jt", "jtexpress"),
        ("kuaidi100", "fedex_cn", "fedexcn"),
        ("kdniao", "yunda", "YD"),
        ("kdniao", "best", "HTKY"),
        ("kdniao", "ane", "ANEKY"),
        ("seventeentrack", "sf", "100012"),
        ("seventeentrack", "ems", "3013"),
        ("seventeentrack", "usps", "21051"),
        ("aftership", "yunda", "yundaex"),
        ("easypost", "dhl", "DHLExpress"),
        ("sf", "sf", "sf"),
        ("sf", "yto", None),
        ("kuaidi100", "yunexpress", None),  # unverified: not sent
        ("kdniao", "sf_freight", None),
        ("aftership", "jt", None),
        ("kuaidi100", "s10", None),
        ("nowhere", "sf", None),
        ("kuaidi100", "nobody", None),
    ],
)
def test_our_code_becomes_the_vendors(source, courier, code):
    assert codes.to_source(courier, source) == code


@pytest.mark.parametrize(("source", "courier"), SENT)
def test_every_code_that_is_sent_is_understood_when_it_comes_back(source, courier):
    code = codes.to_source(courier, source)
    assert code is not None
    back = codes.from_source(source, f" {code.swapcase()} ")
    # 17TRACK has one key for both parcel services of China Post.
    assert back == ("china_post" if code == "3011" else courier)


@pytest.mark.parametrize(
    ("source", "raw", "courier"),
    [
        ("seventeentrack", "190766", "sf"),
        ("seventeentrack", "100295", "jt"),
        ("seventeentrack", "190845", "kuayue"),
        ("kdniao", "DANNIAO", "danniao"),
        ("kdniao", "ane", "ane"),
        ("aftership", "China-Post", "china_post"),
        ("kuaidi100", " SHUNFENG ", "sf"),
        ("kuaidi100", " SomeNewCourier ", "somenewcourier"),
        ("nowhere", "X", "x"),
    ],
)
def test_several_vendor_codes_may_mean_one_courier_and_unknown_ones_are_kept(source, raw, courier):
    assert codes.from_source(source, raw) == courier


@pytest.mark.parametrize(
    ("text", "courier"),
    [
        ("顺丰速运", "sf"),
        ("顺丰快递", "sf"),
        ("顺丰快运", "sf_freight"),
        ("順豐速運", "sf"),
        ("中通快递", "zto"),
        ("中通快运", "zto_freight"),
        ("韵达快运", "yunda_freight"),
        ("韻達快遞", "yunda"),
        ("圆通速递", "yto"),
        ("申通E物流", "sto"),
        ("极兔速递", "jt"),
        ("極兔", "jt"),
        ("J&T", "jt"),
        ("Ｊ＆Ｔ Express", "jt"),
        ("JITU", "jt"),
        ("京东物流", "jd"),
        ("JDL", "jd"),
        ("JDVD", "jd"),
        ("京东快运", "jd_freight"),
        ("加密-京东", "jd"),
        ("京东-中通快递", "zto"),
        ("拼多多电子面单-韵达", "yunda"),
        ("菜鸟速递", "danniao"),
        ("菜鸟", "danniao"),
        ("丹鸟快递", "danniao"),
        ("菜鸟裹裹-圆通速递", "yto"),
        ("菜鸟裹裹", ""),
        ("菜鸟国际", "cainiao"),
        ("EMS", "ems"),
        ("邮政EMS", "ems"),
        ("邮政快递包裹", "china_post"),
        ("中国邮政", "china_post"),
        ("邮政标准快递", "china_post_standard"),
        ("新加坡邮政", ""),
        ("美国邮政", "usps"),
        ("汇通快递", "best"),
        ("百世快运", "best_freight"),
        ("德邦快递", "deppon"),
        ("德邦物流", "deppon_freight"),
        ("丰网速运", "fengwang"),
        ("跨越速运", "kuayue"),
        ("安能物流", "ane"),
        ("优速快递", "uc"),
        ("宅急送", "zjs"),
        ("DHL Express", "dhl"),
        ("FedEx", "fedex"),
        ("联邦快递（国内）", "fedex_cn"),
        ("UPS", "ups"),
        ("USPS", "usps"),
        ("顺友物流", "sunyou"),
        ("云途物流", "yunexpress"),
        ("HTKY", "best"),
        ("yuantong", "yto"),
        ("Yuan Tong", "yto"),
        ("zhongtong", "zto"),
        ("ZHONGTONG FREIGHT", "zto_freight"),
        ("shentong", "sto"),
        ("shunfeng", "sf"),
        ("jingdong", "jd"),
        ("baishi", "best"),
        ("debang", "deppon"),
        ("debang wuliu", "deppon_freight"),
        ("jnt", "jt"),
        ("JNT Express", "jt"),
        ("j&t express", "jt"),
        ("jtexpress", "jt"),
        ("abc", ""),
        ("sf_freight", "sf_freight"),
        (" 顺 丰 ", "sf"),
        ("无需物流", ""),
        ("商家自送", ""),
        ("商家自送（京东）", ""),
        ("其他", ""),
        ("", ""),
        ("某某同城", ""),
        ("GROUPS", ""),
    ],
)
def test_names_as_exports_and_people_write_them(text, courier):
    assert codes.from_text(text) == courier


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW"])
def test_every_chinese_display_name_is_understood_again(language):
    without_a_courier = {"s10"}
    for courier in codes.NAMES.keys() - without_a_courier:
        assert codes.from_text(codes.display_name(courier, language)) == courier


def test_display_names_follow_the_language():
    assert codes.display_name("zto", "zh-CN") == "中通快递"
    assert codes.display_name("zto", "zh-TW") == "中通快遞"
    assert codes.display_name("zto", "en") == "ZTO Express"
    assert codes.display_name("zto", "fr") == "中通快递"
    assert codes.display_name("somenewcourier", "en") == "somenewcourier"


def test_a_merchant_may_add_change_and_remove_codes():
    own = codes.with_overrides(
        {"kuaidi100": {"yunexpress": "yuntu-x", "best": "best-renamed", "uc": ""}}
    )
    assert own.to_source("yunexpress", "kuaidi100") == "yuntu-x"
    assert own.from_source("kuaidi100", "YUNTU-X") == "yunexpress"
    assert own.to_source("best", "kuaidi100") == "best-renamed"
    assert own.from_source("kuaidi100", "huitongkuaidi") == "best"
    assert own.to_source("uc", "kuaidi100") is None
    assert own.to_source("uc", "kdniao") == "UC"
    assert codes.to_source("yunexpress", "kuaidi100") is None


def test_the_process_translates_with_the_entries_of_the_loaded_settings():
    try:
        codes.use({"kuaidi100": {"yunexpress": "yuntu-x"}})
        assert codes.to_source("yunexpress", "kuaidi100") == "yuntu-x"
        assert codes.from_source("kuaidi100", "yuntu-x") == "yunexpress"
    finally:
        codes.use({})
    assert codes.to_source("yunexpress", "kuaidi100") is None
