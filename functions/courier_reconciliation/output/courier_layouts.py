"""What a courier calls the columns of its own bill, so that its staff find the line at once.

From the courier bills reference, sections 1.1 and 3. A claim for a courier without an entry uses
the most usual names.
"""

from __future__ import annotations

from msgspec import Struct


class CourierLayout(Struct, frozen=True):
    """Column names of a courier's bill; `weight_in_grams` where its weights are grams.

    `english`: claims to this courier are written in English.
    """

    waybill: str = "运单号"
    date: str = "日期"
    province: str = "目的省份"
    weight: str = "计费重量"
    amount: str = "应付金额"
    charge: str = "费用类型"
    weight_in_grams: bool = False
    english: bool = False


USUAL = CourierLayout()
LAYOUTS: dict[str, CourierLayout] = {
    "sto": CourierLayout("运单号", "业务时间", "目的省份", "结算重量", "应收金额", "费用类型"),
    "yunda": CourierLayout("单号", "账单日期", "目的地省", "结算重量", "韵达运费", "费用类型"),
    "jt": CourierLayout("运单编号", "寄件时间", "收件省份", "内部计费重量", "合计金额", "费用类型"),
    "zto": CourierLayout("运单号", "扫描时间", "目的地", "结算重量", "金额", "费用类型"),
    "yto": CourierLayout("运单号码", "扫描时间", "计费省份", "计费重量（kg）", "金额", "费用类型"),
    "sf": CourierLayout("运单号码", "日期", "到件地区", "计费重量", "应付金额", "服务"),
    "jd": CourierLayout("运单号", "揽收时间", "目的省", "计费重量", "结算金额", "费用类型"),
    **dict.fromkeys(
        ("ems", "china_post", "china_post_standard"),
        CourierLayout(
            "邮件号", "收寄日期", "寄达省", "重量(g)", "实收资费", "费用类型", weight_in_grams=True
        ),
    ),
    **dict.fromkeys(
        ("deppon", "deppon_freight", "kuayue"),
        CourierLayout("运单号", "开单时间", "到达省", "计费重量", "合计", "费用类型"),
    ),
    "ups": CourierLayout(
        "Tracking Number",
        "Transaction Date",
        "Receiver State",
        "Billed Weight (kg)",
        "Net Amount",
        "Charge Description",
        english=True,
    ),
    "fedex": CourierLayout(
        "Express or Ground Tracking ID",
        "Shipment Date",
        "Recipient State",
        "Rated Weight Amount (kg)",
        "Net Charge Amount",
        "Tracking ID Charge Description",
        english=True,
    ),
    "dhl": CourierLayout(
        "Shipment Number",
        "Shipment Date",
        "Destination",
        "Weight (kg)",
        "Total amount",
        "Charge Name",
        english=True,
    ),
    **dict.fromkeys(
        ("usps", "royal_mail", "canada_post", "auspost"),
        CourierLayout(
            "Tracking Number", "Ship Date", "State", "Weight (kg)", "Amount", "Charge", english=True
        ),
    ),
}


def layout_of(courier: str) -> CourierLayout:
    """The courier's own names, or the usual ones."""
    return LAYOUTS.get(courier, USUAL)


def language_for(courier: str, language: str) -> str:
    """A claim is written for the courier: English abroad, Chinese at home."""
    if layout_of(courier).english:
        return "en"
    return language if language.startswith("zh") else "zh-CN"
