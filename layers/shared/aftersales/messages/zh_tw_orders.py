"""What is said in zh-TW about orders that wait for payment, and about what reminding was worth."""

from __future__ import annotations

from aftersales.messages.catalogue import Wording

KINDS = {
    "unpaid_order": Wording(
        title="[{count} 筆|]訂單未付款[，還剩 {pay_left}]",
        what="[{count} 筆訂單還沒有付款，共 {amount}|{count} 筆訂單還沒有付款|訂單 {amount} "
        "還沒有付款|訂單還沒有付款][（截至 {as_of}）]。",
        why="不少買家有意購買，只是有疑問或忘了，及時關心一下往往就會付款。",
        todo="[先到後台確認 {as_of} 之後有沒有付款。]用聊聊聯絡買家一次，了解卡在哪裡。"
        "買家付款後，這裡會自動結案。",
        buyer_text="您好，您下單的[{items}|商品]還沒有付款[，訂單保留到 {pay_by}]。"
        "有任何疑問歡迎詢問；如果不需要了，請忽略這則訊息。",
        escalated_what="[{count} 筆訂單還沒有付款，共 {amount}，|{count} 筆訂單還沒有付款，|訂單 "
        "{amount} 還沒有付款，|訂單還沒有付款，][{pay_left}後|很快]就會取消[（截至 {as_of}）]。",
        escalated_todo="[先到後台確認 {as_of} 之後有沒有付款。]最後聯絡買家一次，了解卡在哪裡。",
        escalated_buyer_text="您好，您下單的[{items}|商品]還沒有付款，訂單[將在 {pay_by} |很快]"
        "取消。付款遇到問題的話，請跟我們說。",
        solved_title="[{count} 筆|]訂單已付款",
        solved_what="[提醒後 {count} 位買家已付款，共 {amount}|提醒後買家已付款 {amount}|"
        "提醒後買家已付款]。",
    ),
    "reminder_report": Wording(
        title="[{week} 週|]未付款訂單提醒成效",
        what="[共提醒 {nudges}|沒有發出提醒][；已有結果的訂單中，付款 {reminded}]"
        "[，共 {recovered}]。",
        why="[沒有提醒的對照買家中，付款 {alone}，相差 {lift}。|"
        "沒有對照，不知道不提醒會有多少人付款。]",
        todo="[依這個差距決定提醒是否值得。|在設定裡填 reminder.holdout_percent，留一部分買家"
        "不提醒，下次報告就能看出提醒的作用。]",
        solved_title="報告",
        solved_what="不用處理。",
    ),
}
