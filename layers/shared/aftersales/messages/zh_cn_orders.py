"""What is said in zh-CN about orders that wait for payment, and about what reminding was worth."""

from __future__ import annotations

from aftersales.messages.catalogue import Wording

KINDS = {
    "unpaid_order": Wording(
        title="[{count} 笔|]订单未付款[，还剩 {pay_left}]",
        what="[{count} 笔订单还没有付款，共 {amount}|{count} 笔订单还没有付款|订单 {amount} "
        "还没有付款|订单还没有付款][（截至 {as_of}）]。",
        why="不少买家想买，只是有疑问或被别的事打断，及时问一句就会付款。",
        todo="[先到后台看看 {as_of} 之后有没有付款。]用平台聊天联系买家一次，问清卡在哪里。"
        "买家付款后这里会自动关闭。",
        buyer_text="您好，您拍下的[{items}|宝贝]还没有付款[，订单保留到 {pay_by}]。"
        "有什么疑问可以直接问我；如果不需要了，不用理会这条消息。",
        escalated_what="[{count} 笔订单还没有付款，共 {amount}，|{count} 笔订单还没有付款，|订单 "
        "{amount} 还没有付款，|订单还没有付款，][{pay_left}后|很快]就会关闭[（截至 {as_of}）]。",
        escalated_todo="[先到后台看看 {as_of} 之后有没有付款。]最后联系买家一次，问清卡在哪里。",
        escalated_buyer_text="您好，您拍下的[{items}|宝贝]还没有付款，订单[将在 {pay_by} |很快]"
        "关闭。付款遇到问题的话，请跟我们说一声。",
        solved_title="[{count} 笔|]订单已付款",
        solved_what="[提醒后 {count} 位买家已付款，共 {amount}|提醒后买家已付款 {amount}|"
        "提醒后买家已付款]。",
    ),
    "reminder_report": Wording(
        title="[{week} 周|]未付款订单提醒情况",
        what="[共提醒 {nudges}|没有发出提醒][；已有结果的订单中，付款 {reminded}]"
        "[，共 {recovered}]。",
        why="[没有提醒的对照买家中，付款 {alone}，相差 {lift}。|"
        "没有对照，不知道不提醒会有多少人付款。]",
        todo="[按这个差距决定提醒是否值得。|在设置里填 reminder.holdout_percent，留一部分买家"
        "不提醒，下次报告就能看出提醒的作用。]",
        solved_title="报告",
        solved_what="不用处理。",
    ),
}
