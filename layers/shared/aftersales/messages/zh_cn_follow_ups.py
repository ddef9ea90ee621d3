"""What is said in zh-CN of cases that are still open."""

from __future__ import annotations

from aftersales.messages.follow_ups import Words

WORDS = Words(
    prefixes={"reminded": "待跟进：", "due_soon": "快到期：", "overdue": "已超期："},
    leads={
        "reminded": "[已经过了 {open_for}，|]还没有结果。",
        "due_soon": "[离期限只剩 {due_left}，|期限快到了，]还没有结果。",
        "overdue": "期限已过[ {due_past}|]，还没有结果。",
    },
    list_titles={
        "reminded": "[{count} 个|]问题待跟进",
        "due_soon": "[{count} 个|]问题快到期",
        "overdue": "[{count} 个|]问题已超期",
    },
    list_leads={
        "reminded": "[{count} 个|]问题还没有结果[，下面是最急的 {shown} 个|]。",
        "due_soon": "[{count} 个|]问题快到期限，还没有结果[，下面是最急的 {shown} 个|]。",
        "overdue": "[{count} 个|]问题过了期限，还没有结果[，下面是最急的 {shown} 个|]。",
    },
    list_todo="从上往下逐个处理，办完就关闭，这里不再提醒。全部未关闭的问题在待办列表里。",
)
