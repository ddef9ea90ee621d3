"""What is said in zh-TW of cases that are still open."""

from __future__ import annotations

from aftersales.messages.follow_ups import Words

WORDS = Words(
    prefixes={"reminded": "待追蹤：", "due_soon": "快到期：", "overdue": "已逾期："},
    leads={
        "reminded": "[已經過了 {open_for}，|]還沒有結果。",
        "due_soon": "[離期限只剩 {due_left}，|期限快到了，]還沒有結果。",
        "overdue": "期限已過[ {due_past}|]，還沒有結果。",
    },
    list_titles={
        "reminded": "[{count} 個|]問題待追蹤",
        "due_soon": "[{count} 個|]問題快到期",
        "overdue": "[{count} 個|]問題已逾期",
    },
    list_leads={
        "reminded": "[{count} 個|]問題還沒有結果[，以下是最急的 {shown} 個|]。",
        "due_soon": "[{count} 個|]問題快到期限，還沒有結果[，以下是最急的 {shown} 個|]。",
        "overdue": "[{count} 個|]問題過了期限，還沒有結果[，以下是最急的 {shown} 個|]。",
    },
    list_todo="由上往下逐一處理，處理完就結案，這裡不再提醒。所有未結案的問題在待辦清單裡。",
)
