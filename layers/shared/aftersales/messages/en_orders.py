"""What is said in English about orders that wait for payment, and what reminding was worth."""

from __future__ import annotations

from aftersales.messages.catalogue import Wording

KINDS = {
    "unpaid_order": Wording(
        title="[{count} unpaid orders|Unpaid order][, {pay_left} left]",
        what="[{count} orders, {amount} in all, are|{count} orders are|The order for {amount} "
        "is|The order is] not paid yet[ (as of {as_of})].",
        why="Many buyers mean to pay and are held up by a question or by something else.",
        todo="[Look first in the back office whether it was paid since {as_of}. ]Write to the "
        "buyer once in the shop's chat, and answer what keeps them from paying. This closes by "
        "itself on payment.",
        buyer_text="Hello, your order[ ({items})] is waiting for payment[, and open until "
        "{pay_by}]. If you have a question about it, we are glad to help. If you no longer need "
        "it, you need not do anything.",
        escalated_what="[{count} orders, {amount} in all, are|{count} orders are|The order for "
        "{amount} is|The order is] still not paid and will be closed[ in {pay_left}| soon][ (as "
        "of {as_of})].",
        escalated_todo="[Look first in the back office whether it was paid since {as_of}. ]Write "
        "to the buyer a last time, and answer what keeps them from paying.",
        escalated_buyer_text="Hello, your order[ ({items})] is still waiting for payment and will "
        "be closed[ at {pay_by}| soon]. If something keeps you from paying, please tell us.",
        solved_title="[{count} orders paid|paid]",
        solved_what="[{count} buyers have paid after a reminder, {amount} in all|The buyer has "
        "paid {amount} after a reminder|Paid after a reminder].",
    ),
    "reminder_report": Wording(
        title="Unpaid orders[, week {week}]",
        what="[{nudges} were sent|No reminder was sent][; of those whose end is known, {reminded} "
        "were paid][, {recovered} in all].",
        why="[Of buyers who were not reminded, {alone} paid. The difference is {lift}.|How many "
        "would have paid without a reminder is not known.]",
        todo="[Decide by the difference whether reminding pays.|Set reminder.holdout_percent to "
        "leave a share of the buyers alone; this report then says what reminding changes.]",
        solved_title="report",
        solved_what="Nothing is to be done.",
    ),
}
