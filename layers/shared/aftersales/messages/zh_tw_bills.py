"""What is said in traditional Chinese about couriers' bills."""

from __future__ import annotations

from aftersales.messages.catalogue import Wording

CAUSE = "{cause} {n} 件（{money}）"
CAUSES = {
    "duplicate_waybill": "重複計費",
    "unknown_waybill": "非我方運單",
    "not_shipped": "未寄出卻計費",
    "weight_over": "多計重量",
    "volumetric_wrong": "材積重計算不符",
    "rounding_wrong": "進位方式不符",
    "zone_wrong": "目的地區不符",
    "rate_wrong": "單價與合約不符",
    "surcharge_invalid": "附加費不應收取",
    "address_correction": "改址費不應收取",
    "late_delivery": "承諾時效未達",
    "lost_billed": "遺失仍計費",
    "damaged_billed": "毀損仍計費",
    "return_overcharge": "退回費多收",
    "payment_party": "付款方不符",
    "missing_discount": "漏計折扣",
    "currency_mismatch": "幣別不符",
    "tax_mismatch": "稅額不符",
    "total_mismatch": "帳單合計不符",
}
CHANGES = {
    "lines": "筆數 {old} → {new}",
    "billed": "帳單金額 {old} → {new}",
    "claims": "異議 {old} → {new} 筆",
    "claimable": "可追回 {old} → {new}",
}
FIELD_LABELS = {
    "account": "帳戶",
    "period": "帳單月份",
    "claims": "異議筆數",
    "claimable": "可追回",
    "credited": "已退回",
    "left": "還差",
    "causes": "主要原因",
    "changes": "變動",
    "report": "報告",
    "underbilled": "少收",
    "not_auditable": "無法核對",
    "confirms_at": "自動確認",
}
KINDS = {
    "bill_discrepancies": Wording(
        title="物流帳單有出入[：{courier}|][，{period}][，可追回 {claimable}]",
        what="[更正後的帳單已取代原帳單：{changes}。][有 {claims} "
        "筆費用與合約或實際出貨不符|費用與實際出貨對不上][，共 {claimable}，帳單總額 "
        "{billed}]。[主要是：{causes}。]",
        why="[帳單在 {confirms_at} "
        "視為確認|不提異議的帳單會視為確認]，到時沒有提出的就照帳單付款。",
        todo="[帳單裡有 {not_known} 行是這裡沒有紀錄的包裹，超過一半，所以沒有列入異議。多"
        "半是出貨沒有及時匯入：請匯入後把帳單再放一次，已完成的訂單用 aftersales "
        "reconcile 配上出貨清單核對。]"
        "[其中 {filed} 項異議已經送出，只需處理其餘的。]"
        "請在期限前向物流公司提出異議，報告裡有現成的異議清單[（{report}）]。送"
        "出後用 aftersales bills claim "
        "登記，之後會在新帳單裡核對是否退款。[另有 {unclear} "
        "件缺少價格或重量，無法核對。]",
        solved_title="帳單已處理完",
        solved_what="這份帳單沒有要追回的款項了。",
    ),
    "bill_unreadable": Wording(
        title="物流帳單無法讀取[：{file}]",
        what="[{unread}。|檔案不是認得的帳單格式。]",
        why="讀不了就不知道帳單對不對，而提異議的期限在走。",
        todo="請放入物流公司後台直接匯出的帳單，或者在設定檔 "
        "reconciliation.layouts 裡寫明各欄，再放一次。",
        solved_title="帳單可以讀取了",
        solved_what="帳單已經可以讀取。",
    ),
    "bill_missing": Wording(
        title="沒有收到帳單[：{courier}][，{period}]",
        what="[{period} ]有包裹交給[{courier}|物流公司]，帳單還沒有到。",
        why="帳單來得越晚，核對的時間越少。",
        todo="請向物流公司要帳單，放到 bills/ 下對應的資料夾。",
        solved_title="帳單已到",
        solved_what="帳單已經收到。",
    ),
    "bill_credited": Wording(
        title="物流退款沒有退足[：{courier}|][，{period}][，還差 {left}]",
        what="[{period} ]帳單的異議[退回了 {credited}|退回了一部分]，還有[ {claims} "
        "筆][共 {left} ]沒有退。",
        why="物流公司漏退的，不再追問多半就不會退了。",
        todo="請向物流公司追問其餘的：用 aftersales bills show[ {account}/{period}] "
        "查看還沒結的異議；對方拒絕的用 aftersales bills claim 登記。",
        solved_title="已告知",
        solved_what="已告知。",
    ),
    "rates_wrong": Wording(
        title="[缺少 {courier} 的價目表|價目表無法讀取]",
        what="[rates/ 裡沒有 {courier} 的價格|rates/ 裡的 "
        "{file} 不能用|rates/ 裡有檔案不能用]，帳單核對時沒有用到它。",
        why="沒有價格的費用只列為無法核對，不算對也不算錯。",
        todo="請修好或補上檔案，用 aftersales rates check "
        "可以看到它的全部問題；然後把帳單再放一次，就會重新核對。",
        solved_title="價目表齊全",
        solved_what="價目表可以用了。",
    ),
}
