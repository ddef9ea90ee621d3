"""What each kind of discrepancy is called, and the rule behind it, as (zh-CN, zh-TW, en)."""

from __future__ import annotations

from courier_reconciliation.model import Kind

Text = tuple[str, str, str]

NAMES: dict[Kind, Text] = {
    Kind.DUPLICATE_WAYBILL: ("重复计费", "重複計費", "Billed twice"),
    Kind.UNKNOWN_WAYBILL: ("非我方运单", "非我方運單", "Unknown waybill"),
    Kind.NOT_SHIPPED: ("未发出却计费", "未寄出卻計費", "Never carried, yet billed"),
    Kind.WEIGHT_OVER: ("多计重量", "多計重量", "Weight too high"),
    Kind.VOLUMETRIC_WRONG: ("体积重计算不符", "材積重計算不符", "Volumetric weight wrong"),
    Kind.ROUNDING_WRONG: ("进位方式不符", "進位方式不符", "Rounding wrong"),
    Kind.ZONE_WRONG: ("目的地区不符", "目的地區不符", "Destination zone wrong"),
    Kind.RATE_WRONG: ("单价与合同不符", "單價與合約不符", "Price not by contract"),
    Kind.SURCHARGE_INVALID: ("附加费不应收取", "附加費不應收取", "Surcharge not due"),
    Kind.ADDRESS_CORRECTION: ("改址费不应收取", "改址費不應收取", "Address correction not due"),
    Kind.LATE_DELIVERY: ("承诺时效未达", "承諾時效未達", "Guaranteed delivery missed"),
    Kind.LOST_BILLED: ("丢件仍计费", "遺失仍計費", "Lost, yet billed"),
    Kind.DAMAGED_BILLED: ("破损仍计费", "毀損仍計費", "Damaged, yet billed"),
    Kind.RETURN_OVERCHARGE: ("退回费多收", "退回費多收", "Return charged too high"),
    Kind.PAYMENT_PARTY: ("付款方不符", "付款方不符", "Charged to the wrong party"),
    Kind.MISSING_DISCOUNT: ("漏计折扣", "漏計折扣", "Discount missing"),
    Kind.MISSING_FROM_BILL: ("已发货未计费", "已出貨未計費", "Shipped, not billed"),
    Kind.UNDERBILLED: ("少收", "少收", "Billed too low"),
    Kind.CURRENCY_MISMATCH: ("币种不符", "幣別不符", "Wrong currency"),
    Kind.TAX_MISMATCH: ("税额不符", "稅額不符", "Tax wrong"),
    Kind.TOTAL_MISMATCH: ("账单合计不符", "帳單合計不符", "Total does not add up"),
}

RULES: dict[Kind, Text] = {
    Kind.DUPLICATE_WAYBILL: (
        "同一运单的同一费用只收一次。",
        "同一運單的同一費用只收一次。",
        "A waybill pays each kind of charge once.",
    ),
    Kind.UNKNOWN_WAYBILL: (
        "该运单号不在我方发货记录中。",
        "該運單號不在我方出貨紀錄中。",
        "The waybill is in none of our shipments.",
    ),
    Kind.NOT_SHIPPED: (
        "面单已取消或从未揽收，不应收取运费。",
        "面單已取消或從未收件，不應收取運費。",
        "The label was cancelled or never picked up: no freight is due.",
    ),
    Kind.WEIGHT_OVER: (
        "计费重量高于我方称重，超出约定误差。",
        "計費重量高於我方秤重，超出約定誤差。",
        "The billed weight is above our own by more than the tolerance.",
    ),
    Kind.VOLUMETRIC_WRONG: (
        "体积重所用的除数或尺寸与合同不符。",
        "材積重所用的除數或尺寸與合約不符。",
        "The volumetric weight uses another divisor or other sizes than agreed.",
    ),
    Kind.ROUNDING_WRONG: (
        "重量进位方式与合同不符。",
        "重量進位方式與合約不符。",
        "The weight was rounded in another way than agreed.",
    ),
    Kind.ZONE_WRONG: (
        "计费地区不是实际目的地。",
        "計費地區不是實際目的地。",
        "Priced for another province than the parcel went to.",
    ),
    Kind.RATE_WRONG: (
        "重量与地区一致，但单价与合同不符。",
        "重量與地區一致，但單價與合約不符。",
        "Weight and zone agree, the price does not.",
    ),
    Kind.SURCHARGE_INVALID: (
        "该附加费不适用于此件，或超出合同金额。",
        "該附加費不適用於此件，或超出合約金額。",
        "The surcharge is not due for this parcel, or is above the contract.",
    ),
    Kind.ADDRESS_CORRECTION: (
        "地址无误，不应收取改址费。",
        "地址無誤，不應收取改址費。",
        "The address was valid: no correction is due.",
    ),
    Kind.LATE_DELIVERY: (
        "承诺时效的产品逾时送达，应退运费。",
        "承諾時效的產品逾時送達，應退運費。",
        "A guaranteed service came late: the freight is refunded.",
    ),
    Kind.LOST_BILLED: (
        "丢失的快件不应收取费用。",
        "遺失的包裹不應收取費用。",
        "Nothing is due for a lost parcel.",
    ),
    Kind.DAMAGED_BILLED: (
        "破损的快件不应收取费用。",
        "毀損的包裹不應收取費用。",
        "Nothing is due for a damaged parcel.",
    ),
    Kind.RETURN_OVERCHARGE: (
        "退回费高于合同约定的比例。",
        "退回費高於合約約定的比例。",
        "The way back is charged above the agreed share.",
    ),
    Kind.PAYMENT_PARTY: (
        "按合同该费用不由我方支付。",
        "依合約該費用不由我方支付。",
        "By contract somebody else pays this charge.",
    ),
    Kind.MISSING_DISCOUNT: (
        "未按合同给予折扣。",
        "未依合約給予折扣。",
        "The contract's discount was not given.",
    ),
    Kind.MISSING_FROM_BILL: (
        "已发货，但本期账单中没有，预计出现在后续账单。",
        "已出貨，但本期帳單中沒有，預計出現在後續帳單。",
        "Shipped and on no bill: expect it on a later one.",
    ),
    Kind.UNDERBILLED: (
        "收取金额低于合同，单列，不与多收相抵。",
        "收取金額低於合約，單獨列出，不與多收相抵。",
        "Billed below the contract; shown apart, not set off.",
    ),
    Kind.CURRENCY_MISMATCH: (
        "账单币种与合同币种不同。",
        "帳單幣別與合約幣別不同。",
        "The bill is in another currency than the contract.",
    ),
    Kind.TAX_MISMATCH: (
        "税额与约定税率不符。",
        "稅額與約定稅率不符。",
        "The tax does not follow the agreed rate.",
    ),
    Kind.TOTAL_MISMATCH: (
        "账单所列合计与明细之和不一致。",
        "帳單所列合計與明細之和不一致。",
        "The printed total is not the sum of the rows.",
    ),
}
