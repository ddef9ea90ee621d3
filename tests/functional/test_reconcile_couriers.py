"""Whose parcel is it? Couriers as lists of shipments, rate cards and bills call them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from courier_reconciliation.output.words import Words
from local.cli import aftersales
from tests.functional.test_reconcile_engine import write

HEAD = ("waybill_number", "courier", "shipped_at", "province", "weight_g", "outcome")
CARD = ("courier", "base_price_minor", "base_weight_g")


def reconciled(folder: Path, bill: list[Any], shipments: list[Any], card: list[Any]) -> Any:
    command = ["reconcile", str(write(folder / "bill.csv", bill)), "--json", "--period", "2026-10"]
    command += ["--shipments", str(write(folder / "shipments.csv", [HEAD, *shipments]))]
    command += ["--rates", str(write(folder / "rates.csv", [CARD, *card]))]
    done = CliRunner().invoke(aftersales, command)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("shipped_by", "on_the_card"), [("jnt", "jt"), ("J&T Express", "jitu"), ("极兔", "JNT")]
)
def test_a_courier_is_the_same_however_shipments_and_card_spell_it(
    shipped_by, on_the_card, tmp_path
):
    bill = [
        ("运单编号", "寄件时间", "收件省份", "内部计费重量", "合计金额"),
        ("JT5958649820505", "2026-10-21", "广东", "0.8", "6.00"),
    ]
    shipped = [("JT5958649820505", shipped_by, "2026-10-21", "广东", 800, "delivered")]
    answer = reconciled(tmp_path, bill, shipped, [(on_the_card, 500, 1000)])
    assert answer["not_auditable"] == []
    assert [one["difference_minor"] for one in answer["discrepancies"]] == [100]


def test_a_bill_may_name_its_couriers_in_letters(tmp_path):
    bill = [
        ("快递公司", "运单号", "业务时间", "目的省份", "结算重量", "应收金额"),
        ("debang", "DPK141666354628", "2026-10-21", "广东", "0.8", "5.00"),
        ("zhongtong", "78319666374766", "2026-10-21", "广东", "0.8", "4.00"),
    ]
    shipped = [
        ("DPK141666354628", "德邦快递", "2026-10-21", "广东", 800, "delivered"),
        ("78319666374766", "ZTO", "2026-10-21", "广东", 800, "delivered"),
    ]
    card = [("deppon", 500, 1000), ("zto", 400, 1000)]
    answer = reconciled(tmp_path, bill, shipped, card)
    assert (answer["discrepancies"], answer["not_auditable"]) == ([], [])
    assert sorted(one["courier"] for one in answer["couriers"]) == ["deppon", "zto"]


def test_shipments_of_a_courier_that_nobody_knows_are_named(tmp_path):
    bill = [
        ("业务时间", "运单号", "目的省份", "结算重量", "应收金额"),
        ("2026-10-05", "773012345678901", "广东", "1", "5.00"),
    ]
    shipped = [
        ("773012345678901", "sto", "2026-10-05", "广东", 900, "delivered"),
        ("XX12345678901", "abc", "2026-10-05", "广东", 900, "delivered"),
        ("XX12345678902", "abc", "2026-10-06", "广东", 900, "delivered"),
        ("XX12345678903", "our own van", "2026-10-06", "广东", 900, "delivered"),
    ]
    answer = reconciled(tmp_path, bill, shipped, [("sto", 500, 1000), ("our own van", 0, 0)])
    assert [(one["row"], one["reason"]) for one in answer["rejected"]] == [
        (
            3,
            "the courier 'abc' is neither known nor on the rate card;"
            " 2 shipments of it cannot be checked",
        )
    ]


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-CN", "快递公司“abc”未知，价格表里也没有；其 2 条发货记录无法核对"), ("en", "'abc'")],
)
def test_an_unknown_courier_is_named_in_the_readers_language(language, words):
    said = (
        "the courier 'abc' is neither known nor on the rate card;"
        " 2 shipments of it cannot be checked"
    )
    assert words in Words(language).reason(said)
