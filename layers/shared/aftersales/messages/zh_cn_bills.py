"""What is said in simplified Chinese about couriers' bills."""

from __future__ import annotations

from aftersales.messages.catalogue import Wording

CAUSE = "{cause} {n} 件（{money}）"
CAUSES = {
    "duplicate_waybill": "重复计费",
    "unknown_waybill": "非我方运单",
    "not_shipped": "未发出却计费",
    "weight_over": "多计重量",
    "volumetric_wrong": "体积重计算不符",
    "rounding_wrong": "进位方式不符",
    "zone_wrong": "目的地区不符",
    "rate_wrong": "单价与合同不符",
    "surcharge_invalid": "附加费不应收取",
    "address_correction": "改址费不应收取",
    "late_delivery": "承诺时效未达",
    "lost_billed": "丢件仍计费",
    "damaged_billed": "破损仍计费",
    "return_overcharge": "退回费多收",
    "payment_party": "付款方不符",
    "missing_discount": "漏计折扣",
    "currency_mismatch": "币种不符",
    "tax_mismatch": "税额不符",
    "total_mismatch": "账单合计不符",
}
CHANGES = {
    "lines": "行数 {old} → {new}",
    "billed": "账单金额 {old} → {new}",
    "claims": "异议 {old} → {new} 笔",
    "claimable": "可追回 {old} → {new}",
}
FIELD_LABELS = {
    "account": "账户",
    "period": "账期",
    "claims": "异议笔数",
    "claimable": "可追回",
    "credited": "已退回",
    "left": "还差",
    "causes": "主要原因",
    "changes": "变化",
    "report": "报告",
    "underbilled": "少收",
    "not_auditable": "无法核对",
    "confirms_at": "自动确认",
}
KINDS = {
    "bill_discrepancies": Wording(
        title="快递账单有出入[：{courier}|][，{period}][，可追回 {claimable}]",
        what="[更正后的账单已替换原账单：{changes}。][有 {claims} "
        "笔费用与合同或实际发货不符|费用与实际发货对不上][，共 {claimable}，账单总额 "
        "{billed}]。[主要是：{causes}。]",
        why="[账单在 {confirms_at} "
        "视为确认|不提异议的账单会视为确认]，到时没有提出的就按账单付款。",
        todo="[账单里有 {not_known} 行是这里没有记录的包裹，超过一半，所以没有列入异议。多"
        "半是发货没有及时导入：请导入后把账单再放一次，已完成的订单用 aftersales "
        "reconcile 配上发货清单核对。]"
        "[其中 {filed} 项异议已经提交，只需处理其余的。]"
        "请在期限前向快递公司提出异议，报告里有现成的异议清单[（{report}）]。提"
        "交后用 aftersales bills claim "
        "登记，之后会在新账单里核对是否退款。[另有 {unclear} "
        "件缺少价格或重量，无法核对。]",
        solved_title="账单已处理完",
        solved_what="这份账单没有要追回的款项了。",
    ),
    "bill_unreadable": Wording(
        title="快递账单读不了[：{file}]",
        what="[{unread}。|文件不是认识的账单格式。]",
        why="读不了就不知道账单对不对，而提异议的期限在走。",
        todo="请放入快递后台直接导出的账单，或者在设置 "
        "reconciliation.layouts 里写明各列，再放一次。",
        solved_title="账单可以读了",
        solved_what="账单已经可以读取。",
    ),
    "bill_missing": Wording(
        title="没有收到账单[：{courier}][，{period}]",
        what="[{period} ]有包裹交给[{courier}|快递公司]，账单还没有到。",
        why="账单来得越晚，核对的时间越少。",
        todo="请向快递公司要账单，放到 bills/ 下对应的文件夹。",
        solved_title="账单已到",
        solved_what="账单已经收到。",
    ),
    "bill_credited": Wording(
        title="快递退款没退足[：{courier}|][，{period}][，还差 {left}]",
        what="[{period} ]账单的异议[退回了 {credited}|退回了一部分]，还有[ {claims} "
        "笔][共 {left} ]没有退。",
        why="快递公司漏退的，不再追问多半就不会退了。",
        todo="请向快递公司追问余下的：用 aftersales bills show[ {account}/{period}] "
        "查看还没结的异议；对方拒绝的用 aftersales bills claim 登记。",
        solved_title="已告知",
        solved_what="已告知。",
    ),
    "rates_wrong": Wording(
        title="[缺少 {courier} 的价格表|价格表读不了]",
        what="[rates/ 里没有 {courier} 的价格|rates/ 里的 "
        "{file} 不能用|rates/ 里有文件不能用]，账单核对时没有用到它。",
        why="没有价格的费用只列为无法核对，不算对也不算错。",
        todo="请修好或补上文件，用 aftersales rates check "
        "可以看到它的全部问题；然后把账单再放一次，就会重新核对。",
        solved_title="价格表齐全",
        solved_what="价格表可以用了。",
    ),
}
