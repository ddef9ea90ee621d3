"""What is said in English of cases that are still open."""

from __future__ import annotations

from aftersales.messages.follow_ups import Words

WORDS = Words(
    prefixes={"reminded": "Still open: ", "due_soon": "Due soon: ", "overdue": "Overdue: "},
    leads={
        "reminded": "[Open for {open_for}, and no result yet.|No result yet.] ",
        "due_soon": "[Only {due_left} left until the deadline|The deadline is near], and no "
        "result yet. ",
        "overdue": "The deadline passed[ {due_past} ago|], and there is no result yet. ",
    },
    list_titles={
        "reminded": "[{count} cases|Cases] still open",
        "due_soon": "[{count} cases|Cases] due soon",
        "overdue": "[{count} cases|Cases] overdue",
    },
    list_leads={
        "reminded": "[{count} cases|Cases] have no result yet[. These are the {shown} most "
        "pressing|].",
        "due_soon": "[{count} cases|Cases] are close to their deadline and have no result yet["
        ". These are the {shown} most pressing|].",
        "overdue": "[{count} cases|Cases] are past their deadline and have no result yet["
        ". These are the {shown} most pressing|].",
    },
    list_todo="Work from the top down, and close each one when it is done: it is then not "
    "mentioned again. The list of open cases holds them all.",
)
