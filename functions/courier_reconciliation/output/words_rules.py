"""The rule of a discrepancy, as the causes word it in English, in Chinese.

The causes write a rule from few phrases; each is known here. What is not known stays as it is.
"""

from __future__ import annotations

from courier_reconciliation.output.phrases import Phrase, Phrasebook
from courier_reconciliation.output.words_facts import CHARGES, VALUES

_PHRASES: tuple[Phrase, ...] = (
    (r"card row (\d+): (.+)", "价目表第 {0} 行：{1}", "價目表第 {0} 列：{1}"),
    (r"(\S+[\d.,]+\d) up to (\d+) g", "{1} g 以内 {0}", "{1} g 以內 {0}"),
    (r"(.+) for each started (\d+) g above", "超出部分每 {1} g（不足按一份）{0}",
     "超出部分每 {1} g（不足按一份）{0}"),
    (r"(.+) for each \(in proportion\) (\d+) g above", "超出部分每 {1} g（按比例）{0}",
     "超出部分每 {1} g（按比例）{0}"),
    (r"rounding (\w+)", "{0}", "{0}"),
    (r"volume / (\d+)", "体积重除数 {0}", "材積重除數 {0}"),
    (r"discount ([\d.]+) %", "折扣 {0}%", "折扣 {0}%"),
    (r"tax ([\d.]+) % on top", "另加税 {0}%", "另加稅 {0}%"),
    (r"tax ([\d.]+) %", "税率 {0}%", "稅率 {0}%"),
    (r"label fee only", "只收面单费", "只收面單費"),
    (r"the card allows no (.+) for this parcel", "价目表不允许对此件收取{0}",
     "價目表不允許對此件收取{0}"),
    (r"the surcharge follows the freight", "附加费随运费计算", "附加費隨運費計算"),
    (r"the surcharges due", "应收的附加费", "應收的附加費"),
    (r"the total of the parcel holds it already", "该件合计中已包含", "該件合計中已包含"),
    (r"the card has no charge for the way back", "价目表没有退回费", "價目表沒有退回費"),
    (r"card: return", "价目表：退回费", "價目表：退回費"),
    (r"nothing is due for a parcel that was not carried", "未承运的快件不应收费",
     "未承運的包裹不應收費"),
    (r"the contract is in (\w+)", "合同币种为 {0}", "合約幣別為 {0}"),
    (r"one charge of a kind for each waybill", "同一运单的同一费用只收一次",
     "同一運單的同一費用只收一次"),
    (r"the waybill is in no shipment", "发货记录中没有该运单", "出貨紀錄中沒有該運單"),
    (r"no freight for a lost parcel", "丢失的快件不收运费", "遺失的包裹不收運費"),
    (r"no freight for a damaged parcel", "破损的快件不收运费", "毀損的包裹不收運費"),
    (r"charged to whom the contract does not charge", "合同约定不由我方支付",
     "合約約定不由我方支付"),
    (r"shipped in the period and on no bill: expect it on a later one",
     "本期发货而账单没有，预计后续计费", "本期出貨而帳單沒有，預計後續計費"),
    (r"the printed total is not the sum of the rows", "所列合计不等于明细之和",
     "所列合計不等於明細之和"),
    (r"whether it was ordered is not known of any parcel", "所有快件都没有是否订购的记录",
     "所有包裹都沒有是否訂購的紀錄"),
    (r"most parcels of this bill are not known here", "本账单多数快件没有发货记录",
     "本帳單多數包裹沒有出貨紀錄"),
)  # fmt: skip


def _word(text: str, index: int) -> str:
    """A charge or a value of evidence."""
    return next((table[text][index] for table in (CHARGES, VALUES) if text in table), text)


BOOK = Phrasebook(_PHRASES, between=", ", joined_by="，", word=_word)


def translate(rule: str, language: str) -> str:
    """The rule in `zh-CN` or `zh-TW`; in any other language as it is."""
    return BOOK.translate(rule, language)
