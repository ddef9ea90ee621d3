"""What is said in zh-CN about reviews."""

from __future__ import annotations

from aftersales.messages.catalogue import Wording

STARS = "{n} 星"
NEUTRAL, BAD = "中评", "差评"
OPEN_REVIEW = "查看评价"
OPEN_REPORT, AT_THE_LINK = "查看周报", "见下方链接"
HINT_NOTE = "仅供参考"
CONTACT = "买家留了联系方式，先联系买家。"
TOPICS = {
    "logistics": "物流",
    "price": "价格",
    "packaging": "包装",
    "fake": "真假",
    "service": "服务",
    "size": "尺码",
    "quality": "质量",
    "wrong_or_missing_item": "错发漏发",
    "not_as_described": "与描述不符",
}
ORDER_STATES = {
    "deleted": "平台上已删除",
    "unknown": "系统里没有这个订单",
    "forgotten": "系统里已没有这个订单，以下是之前的资料",
}
REFUNDS = {"open": "退款处理中", "done": "已退款", "partial": "部分退款"}
HINTS = {
    "mostly_bad": "该买家 {of} 条评价中 {n} 条是差评",
    "several_shops": "在 {n} 家店铺写过差评",
    "asks_for_money": "文字里提到赔偿或改评价",
    "copied": "同样的文字也写在另外 {n} 件商品下",
}
OUTCOMES = {
    "changed": "买家已改",
    "deleted": "已删除",
    "replied": "已回复",
    "given_up": "不再跟进",
    "open": "处理中",
    "no_case": "未立工单",
}
FIELD_LABELS = {
    "rating": "评分",
    "review": "评价",
    "follow_up": "追评",
    "topics": "问题",
    "product": "商品",
    "refund": "退款",
    "edit_until": "买家可修改至",
    "hints": "参考信息",
}
KINDS = {
    "bad_review": Wording(
        title="[{rating}|][{grade}|差评][：{topics}]",
        what="买家留下了[ {rating}|][{grade}|差评][，说的是{topics}][（{product}）]。",
        why="这条评价会一直显示在商品页上，影响别的买家[；{edit_left}后买家就不能再修改]。",
        todo="[{contact}]今天联系买家，先解决问题，再请买家修改评价，并公开回复。",
        buyer_text="[{reply}]",
        solved_title="评价已处理",
        solved_what="[评价现在是 {rating}|评价已经处理]。",
        escalated_what="评价更严重了[，现在是 {rating}][，说的是{topics}][（{product}）]。",
    ),
    "hidden_complaint": Wording(
        title="好评里的不满[：{topics}]",
        what="评分[是 {rating}|不差]，但文字里有不满[，说的是{topics}][（{product}）]。",
        why="这样的买家多半不会再来，也没有去申请售后；现在联系还来得及。",
        todo="[{contact}]联系买家解决问题，并公开回复。",
        buyer_text="[{reply}]",
        solved_title="评价里的不满已处理",
        solved_what="买家的文字里已经没有不满。",
    ),
    "follow_up_turned_bad": Wording(
        title="追评变差[：{topics}]",
        what="买家原来没有不满，追评里说了问题[：{topics}][（{product}）]。",
        why="追评显示在原评价下面，用过之后的意见别的买家更相信。追评之后平台通常不再接受公开回复。",
        todo="[{contact}]今天联系买家，按售后解决。",
        buyer_text="[{reply}]",
        solved_title="变差的追评已处理",
        solved_what="买家的追评已经处理。",
    ),
    "review_question": Wording(
        title="评价里的提问",
        what="买家在评价里提了问题[（{product}）]，还没有人回答。",
        why="看评价的人也会看到这个问题和您的回答。",
        todo="公开回复这条评价。",
        solved_title="评价里的提问已处理",
        solved_what="提问已经有了回答。",
    ),
    "product_alarm": Wording(
        title="商品集中出现问题[：{topics}]",
        what="[{days} 天内 {complaints} 位买家|多位买家][因为{topics}]给"
        "[“{product}”|同一商品]写了差评。",
        why="几位买家说同一个问题，多半出在这批货、包装或页面上，继续发货会有更多差评。",
        todo="请运营和仓库检查这件商品的库存、包装和页面，必要时先停止发货。",
        solved_title="商品问题已处理",
        solved_what="这件商品的问题已经处理。",
    ),
    "review_advertising": Wording(
        title="评价里的广告",
        what="评价看起来是广告[（{product}）]。",
        why="广告会把买家引到别处，平台接受举报。",
        todo="到后台举报这条评价。",
        solved_title="广告评价已处理",
        solved_what="广告评价已经处理。",
    ),
    "review_report": Wording(
        title="[{week} 周|]评价情况",
        what="[共 {reviews} 条评价，差评 {bad} 条，占 {share}|没有评价][，上周占 {before}|]。",
        why="[说得最多的是{topics}。|][差评最多的商品是“{product}”。|]",
        todo="[差评的结果：{outcomes}。|]"
        "[图表和差评清单：{report_at}|"
        "图表没能保存，可用命令 aftersales reviews report --out reports 生成]",
        solved_title="报告",
        solved_what="不用处理。",
    ),
}
