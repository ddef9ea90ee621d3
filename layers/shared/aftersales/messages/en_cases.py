"""What is said about each kind of case in English."""

from __future__ import annotations

from aftersales.messages.catalogue import Wording

KINDS = {
    "no_pickup_scan": Wording(
        title="No pickup scan[ in {brief}]",
        what="The order was marked as shipped[ on {since}], but [{courier}|the courier] has not "
        "scanned the parcel[ in {lasted}].",
        why="The platform may count it as not shipped, and the buyer sees no tracking.",
        todo="Ask the warehouse whether the parcel was handed over. If not, hand it over today. "
        "If it was, ask the depot for a scan. If the number is wrong, correct it in the back "
        "office.",
        buyer_text="Hello, the courier has not scanned your parcel[ ({parcel})] yet. We are "
        "checking with our warehouse and the courier and will write to you when we know more. "
        "Sorry for the wait.",
        escalated_what="[{courier}|The courier] still has not scanned the parcel[, {lasted} after "
        "it was marked as shipped].",
        escalated_todo="Get a clear answer today: does the courier have it? If nobody can find "
        "it, send it again under a new number or offer a refund.",
        escalated_buyer_text="Hello, the courier still has no record of your parcel[ ({parcel})], "
        "and we are sorry. We can send it again or refund you. Which do you prefer?",
        solved_title="parcel picked up",
        solved_what="The courier has the parcel.",
    ),
    "stalled": Wording(
        title="No tracking update[ in {brief}]",
        what="The parcel was last scanned[ on {last_at} at {last_place}| on {last_at}| at "
        "{last_place}| some time ago] and has had no new scan since[, for {lasted}].",
        why="The longer it stands still, the more likely it is lost. The buyer will ask, or open "
        "a refund.",
        todo="Call [{courier}|the courier], have the number traced, ask where it is stuck and "
        "when it moves, then answer the buyer.",
        buyer_text="Hello, your parcel[ ({parcel})] has had no new scan[ since {last_place}| for "
        "a while]. We are having the courier trace it and will write to you when they answer.",
        escalated_what="There is still no new scan[, {lasted} after the last one].",
        escalated_todo="Have [{courier}|the courier] open a claim and say whether it is lost. If "
        "there is no clear answer, agree on a replacement or a refund with the buyer.",
        escalated_buyer_text="Hello, your parcel[ ({parcel})] still has no new scan. We keep "
        "chasing the courier for an answer. If you need it soon, we can replace or refund it. "
        "Please tell us.",
        solved_title="parcel is moving again",
        solved_what="The courier has a new scan.",
    ),
    "delivery_overdue": Wording(
        title="Out for delivery[ for {brief}]",
        what="The parcel went out for delivery[ on {since}] and has neither been delivered nor "
        "reported as failed[ in {lasted}].",
        why="It may have been skipped, left at a wrong door or not been recorded. The buyer is "
        "waiting for it.",
        todo="Ask the delivery depot who has it and when it goes out again. Check the address, "
        "then answer the buyer.",
        buyer_text="Hello, your parcel[ ({parcel})] is out for delivery, but is not recorded as "
        "delivered. We are asking the depot. Please watch for a call from the driver, and tell us "
        "if you have it already.",
        solved_title="delivery has moved on",
        solved_what="There is a new scan after it went out.",
    ),
    "pickup_overdue": Wording(
        title="Not collected[ in {brief}]",
        what="The parcel has been waiting at the pickup point[ ({last_place})][ since {since}][, "
        "for {lasted}], and the buyer has not collected it.",
        why="It will be sent back, and the shop pays postage both ways.",
        todo="Remind the buyer. If the pickup code did not arrive, have it sent again. If the "
        "buyer cannot come, ask for longer storage or a delivery.",
        buyer_text="Hello, your parcel[ ({parcel})] is waiting at the pickup point[ "
        "({last_place})]. Please collect it with your pickup code. If you have no code or cannot "
        "go there, tell us and we will contact the pickup point.",
        escalated_what="The parcel has been at the pickup point[ ({last_place})][ for {lasted}| "
        "for a long time] and may be sent back any day.",
        escalated_todo="Phone the buyer, and ask the pickup point not to send it back yet.",
        escalated_buyer_text="Hello, your parcel[ ({parcel})] has been at the pickup point[ "
        "({last_place})] for some time and may be sent back. Can you collect it in the next two "
        "days? If not, please tell us.",
        solved_title="no longer waiting for pickup",
        solved_what="It left the pickup point or has a new scan.",
    ),
    "refused": Wording(
        title="Parcel refused",
        what="The courier recorded[ on {since}] that the parcel was refused.",
        why="It will soon be on its way back, and a refund request usually follows.",
        todo="Ask the buyer why. If it was a mistake, have it delivered again. If not, handle it "
        "as a return and follow the parcel back.",
        buyer_text="Hello, the courier says that your parcel[ ({parcel})] was refused. Is "
        "something wrong with the item, or was it a bad moment? Tell us and we will sort it out.",
        solved_title="refusal settled",
        solved_what="The parcel is moving again or has arrived somewhere.",
    ),
    "returning": Wording(
        title="Parcel is coming back",
        what="The parcel has been on its way back to us[ since {since}][ ({reason})].",
        why="The buyer will not get it. A return that nobody books in is money paid twice.",
        todo="Find out who asked for it. If it was a mistake, have it redirected. If not, agree "
        "on a replacement or a refund, and tell the warehouse.",
        buyer_text="Hello, your parcel[ ({parcel})] is on its way back to us, and we are asking "
        "the courier why. Do you still want the item? We can send it again or refund you.",
        solved_title="return settled",
        solved_what="The parcel is no longer on its way back.",
    ),
    "returned": Wording(
        title="Parcel is back with us",
        what="[{courier}|The courier] recorded[ on {since}] that the parcel was returned to the "
        "sender[ ({reason})].",
        why="The buyer got nothing, and the order is still open.",
        todo="Have the warehouse check the goods, then replace or refund as agreed with the buyer.",
        buyer_text="Hello, your parcel[ ({parcel})] could not be delivered and has come back to "
        "us. Would you like it sent again, or a refund?",
        solved_title="returned parcel dealt with",
        solved_what="Nothing is left to do about the return.",
    ),
    "address_problem": Wording(
        title="Address wrong or incomplete",
        what="[{courier}|The courier] cannot deliver because the address is wrong or incomplete[ "
        "(destination: {region})].",
        why="Unless it is corrected, the parcel will be sent back.",
        todo="Get the full address from the buyer in the platform's chat and pass it to the "
        "depot. Ask about the cost first if it is another region.",
        buyer_text="Hello, the courier cannot find the address on your parcel[ ({parcel})]. "
        "Please check it and send us the full address here, and we will pass it on.",
        solved_title="delivery goes on",
        solved_what="There is a new scan after the address problem.",
    ),
    "contact_failed": Wording(
        title="Courier cannot reach buyer",
        what="The driver could not reach the buyer, so the parcel was not delivered[ "
        "({attempts})].",
        why="After a few tries the courier sends it back.",
        todo="Ask the buyer in the platform's chat when they can answer the phone, and tell the "
        "depot to try again then.",
        buyer_text="Hello, the courier tried to deliver your parcel[ ({parcel})] and could not "
        "reach you. Please watch for a call, or tell us a good time and we will pass it on.",
        solved_title="delivery goes on",
        solved_what="There is a new scan after the failed call.",
    ),
    "out_of_area": Wording(
        title="Address not served",
        what="[{courier}|The courier] does not deliver to this address[ (destination: {region})], "
        "and the parcel is waiting at a depot.",
        why="It must be forwarded, collected or sent back, and each day of waiting costs more.",
        todo="Ask the depot about forwarding by post or collection. If possible, agree with the "
        "buyer. If not, recall it and ship with another courier.",
        buyer_text="Hello, the courier carrying your parcel[ ({parcel})] does not deliver to your "
        "address. We are asking whether it can be forwarded. Could you collect it from a depot "
        "nearby?",
        solved_title="parcel is moving again",
        solved_what="There is a new scan after it was stopped.",
    ),
    "delivery_failed": Wording(
        title="Delivery failed[: {reason}]",
        what="The courier could not deliver the parcel[ on {last_at}][: {reason}][ ({attempts})].",
        why="After a few tries it is sent back.",
        todo="Contact the buyer about the cause, confirm address and time, and have the depot try "
        "again.",
        buyer_text="Hello, the courier could not deliver your parcel[ ({parcel})] this time. "
        "Please watch for a call, and tell us if the address or time should change.",
        escalated_what="Delivery failed again[: {reason}][ ({attempts})].",
        escalated_todo="Phone the buyer and agree on the next attempt with the depot. If the "
        "buyer no longer wants it, have it sent back.",
        escalated_buyer_text="Hello, the courier has failed to deliver your parcel[ ({parcel})] "
        "several times and may send it back. Please tell us a good time and address, and we will "
        "pass them on.",
        solved_title="delivery has moved on",
        solved_what="There is a new scan after the failure.",
    ),
    "damaged": Wording(
        title="Parcel damaged",
        what="[{courier}|The courier] recorded damage to the parcel[ at {last_place}].",
        why="Claims have a time limit, and the buyer will send a damaged item back.",
        todo="Get photos from the courier and file a claim. Ask whether it is still being "
        "delivered, then agree on a replacement or a refund.",
        buyer_text="Hello, the courier tells us that your parcel[ ({parcel})] was damaged on the "
        "way. We are sorry, and are finding out how badly. Would you like a replacement or a "
        "refund?",
        solved_title="damaged parcel has moved on",
        solved_what="There is a new scan after the damage.",
    ),
    "lost": Wording(
        title="Courier says parcel is [{loss}|lost]",
        what="[{courier}|The courier] recorded the parcel as [{loss}|lost][; the last scan was on "
        "{last_at}].",
        why="The buyer will not get it, and claims have a time limit.",
        todo="Agree on a replacement or a refund with the buyer today. File a claim with the "
        "number and proof of value.",
        buyer_text="Hello, we are sorry: the courier confirms that your parcel[ ({parcel})] "
        "cannot be delivered. Would you like a replacement or a refund? We will start as soon as "
        "you choose.",
        solved_title="lost parcel has turned up",
        solved_what="There is a new scan after it was recorded as lost.",
    ),
    "lost_suspected": Wording(
        title="Probably lost[, {brief} silent]",
        what="The parcel has had no scan[ for {lasted}| for a long time][, last at {last_place}], "
        "and is probably lost.",
        why="The buyer will complain, and the time for a claim is running out.",
        todo="Have [{courier}|the courier] say in writing whether it is lost. Meanwhile agree on "
        "a replacement or a refund, and prepare proof of value for a claim.",
        buyer_text="Hello, your parcel[ ({parcel})] has had no scan for a long time and may be "
        "lost. We are sorry, and are chasing the courier. You can choose a replacement or a "
        "refund.",
        solved_title="parcel has turned up",
        solved_what="The courier has a new scan.",
    ),
    "customs_hold": Wording(
        title="At customs[: {reason}]",
        what="The parcel [has been at customs for {lasted}|has not been released by customs][ "
        "({reason})].",
        why="Papers and duties have a time limit. After it, the parcel is sent back or destroyed.",
        todo="Ask the carrier what customs want. Send papers the same day. If the buyer must pay "
        "or identify themselves, write down the steps for them.",
        buyer_text="Hello, your parcel[ ({parcel})] is waiting for customs. We are asking the "
        "carrier, and if anything is needed from you we will write down the steps.",
        solved_title="customs have moved on",
        solved_what="There is a new scan by customs or the carrier.",
    ),
    "held": Wording(
        title="On hold[: {reason}]",
        what="The parcel has been on hold[ since {since}][ at {last_place}][ ({reason})].",
        why="Unless somebody asks, it stays there, and the buyer will write.",
        todo="Ask [{courier}|the courier] why, what is needed from us and when it moves, then "
        "answer the buyer.",
        buyer_text="Hello, your parcel[ ({parcel})] is on hold[ at {last_place}] for the moment. "
        "We are asking the courier when it can go on.",
        solved_title="parcel is moving again",
        solved_what="There is a new scan after the hold.",
    ),
    "intercepted": Wording(
        title="Parcel intercepted",
        what="The parcel was stopped on its way[ on {since}] and will not go to the buyer.",
        why="If we did not ask for it, the buyer gets nothing. If we did, a refund is due.",
        todo="Find out who asked. If we did, follow it back and refund as agreed. If not, have "
        "the courier cancel the interception.",
        buyer_text="Hello, your parcel[ ({parcel})] was stopped on its way. We are asking the "
        "courier why and will then agree with you what to do.",
        solved_title="interception settled",
        solved_what="The parcel has moved on.",
    ),
    "delivered_disputed": Wording(
        title="Delivered, buyer says no",
        what="Tracking shows delivery[ on {since}][ ({how})], but the buyer says that nothing "
        "came.",
        why="Without proof in time, the platform usually refunds the buyer.",
        todo="Get proof of delivery and the driver's account from [{courier}|the courier]. Ask "
        "the buyer to check with family, reception and neighbours.",
        buyer_text="Hello, tracking shows your parcel[ ({parcel})] as delivered[ ({how})]. Please "
        "ask family, reception or neighbours. Meanwhile we are asking the courier for proof of "
        "delivery.",
        solved_title="dispute is over",
        solved_what="Nobody disputes the delivery any more.",
    ),
    "receipt_auto_confirm": Wording(
        title="Auto-confirms [in {auto_confirm_left}|soon]",
        what="The order will be confirmed as received [on {auto_confirm_at}|soon], but the parcel "
        "is not delivered yet[ ({status})].",
        why="An order that completes before it arrives leads to complaints and bad reviews.",
        todo="[The desk is asking the platform for {extend_days} more and will tell the answer; "
        "there is no need to extend by hand yet. Chase |"
        "Extend the receipt time in the back office, then chase ][{courier}|the courier].",
        buyer_text="Hello, your parcel[ ({parcel})] is still on its way, and the order is close "
        "to being confirmed automatically. We are extending the time, so you need not confirm yet.",
        escalated_what="The platform did not extend the receipt time as asked: the order will be "
        "confirmed as received [on {auto_confirm_at}|soon], but the parcel is not delivered yet"
        "[ ({status})].",
        escalated_todo="Look at the order's receipt time in the back office; if it is as before, "
        "extend it there. Then chase [{courier}|the courier].",
        solved_title="no extension needed now",
        solved_what="The parcel was delivered, or the receipt time extended.",
    ),
    "number_rejected": Wording(
        title="Waybill number not accepted",
        what="The tracking source[ ({source})] does not accept this number[: {parcel}|], so "
        "nobody is watching the parcel.",
        why="The number or the courier was probably mistyped, and the buyer sees no tracking "
        "either.",
        todo="Compare number and courier with the label, correct them in the back office, then "
        "import the order again.",
        buyer_text="Hello, we are checking the tracking number of your order. Once it is "
        "corrected, you can follow the parcel in your order.",
        solved_title="number is accepted now",
        solved_what="The parcel is being watched again.",
    ),
    "tracking_quiet": Wording(
        title="No tracking answer[ for {brief}]",
        what="[{source}|The tracking source] has told us nothing about this parcel[ for {lasted}| "
        "for a while], so its state is unknown.",
        why="All may be well, or something may be wrong that we cannot see.",
        todo="Look the number up on the courier's own site. If it moves, do nothing. If not, "
        "treat it as stuck and call the courier.",
        buyer_text="Hello, the tracking of your parcel[ ({parcel})] is not being updated at the "
        "moment. We are asking the courier and will write to you when they answer.",
        solved_title="tracking answers again",
        solved_what="The parcel can be looked up again.",
    ),
    "source_down": Wording(
        title="[{source} unreachable|Tracking source unreachable]",
        what="[{source}|A tracking source] has not answered[ since {since}][, for {lasted}].",
        why="We cannot see parcels move. No stuck parcels are reported meanwhile, and all are "
        "looked up again afterwards.",
        todo="Check the vendor's status page first, then whether this machine or account can "
        "reach the internet. If the fault is theirs, wait.",
        solved_title="tracking source is back",
        solved_what="Parcels that were missed are being looked up.",
    ),
    "source_misconfigured": Wording(
        title="[{source} refuses our key|Tracking key refused]",
        what="[{source}|A tracking source] does not accept our key, signature or permission.",
        why="Until it is fixed, nobody is watching the parcels looked up there.",
        todo="Check the secret names under tracking.sources in the settings first, then key, "
        "allowed addresses and permissions in the vendor's console.",
        solved_title="our key is accepted again",
        solved_what="The vendor answers us again.",
    ),
    "source_missing": Wording(
        title="Nobody watches[ {courier}| some] parcels",
        what="No tracking source is set for[ {courier}| a courier of your parcels].",
        why="These parcels are not looked up at all: no delay and no loss of theirs is noticed.",
        todo="Add an account of a tracking source under tracking.sources, or name one for this "
        "courier under tracking.by_courier. If you track these parcels elsewhere, close this case.",
        solved_title="[{courier}|all] parcels are watched",
        solved_what="A tracking source is set for them now.",
    ),
    "source_quota": Wording(
        title="[{source} quota used up|Tracking quota used up]",
        what="The quota at [{source}|a tracking source] is used up, and new look-ups are refused.",
        why="Until it is renewed, the parcels looked up there are not updated.",
        todo="Check balance and plan in the vendor's console first and top up. Then see whether "
        "many invalid numbers are using up the quota.",
        solved_title="quota renewed",
        solved_what="Look-ups work again.",
    ),
    "shop_misconfigured": Wording(
        title="[{shop} refuses our access|A shop refuses our access]",
        what="[{shop}|A shop] does not accept our key, signature or permission.",
        why="Until it is fixed, its new orders, payments and refunds are not read.",
        todo="Read the shop's answer below first. Then check the shop's secrets in the settings, "
        "and in its back office the authorisation and the permissions of the app or key.",
        solved_title="the shop can be read again",
        solved_what="What was missed has been read.",
    ),
    "shop_quota": Wording(
        title="[{shop} quota used up|Shop quota used up]",
        what="The quota of calls to [{shop}|a shop] is used up, and new calls are refused.",
        why="Until it is renewed, its new orders, payments and refunds are not read.",
        todo="Check the app's quota in the platform's console first and ask for more. Then see "
        "whether another program uses the same app.",
        solved_title="quota renewed",
        solved_what="The shop is read again, from where it stopped.",
    ),
    "shop_quota_low": Wording(
        title="[{shop} calls|Calls to a shop] run short",
        what="Of today's [{quota_calls} ]calls to [{shop}|a shop], [{quota_share}|most] are used"
        "[; at this pace none is left at {quota_ends_at}].[ How many there are is a guess: on "
        "{quota_guessed_on} the platform refused after so many.]",
        why="Once they are used up, new orders, payments and refunds are not read until the "
        "platform renews them, and nothing can be asked before a buyer is reminded.",
        todo="Ask for a larger quota in the platform's console first. Then see whether another "
        "program uses the same app, and what the desk itself can save: poll fewer shops, or "
        "switch off their options refund_details and review_follow_ups.",
        solved_title="calls will do again",
        solved_what="Few of today's calls are used.",
    ),
    "shop_token_expiring": Wording(
        title="Access to [{shop}|a shop] ends[ in {token_left}| soon]",
        what="The authorisation of [{shop}|a shop] ends[ on {token_ends_at}| soon].",
        why="After that its orders, payments and refunds can no longer be read.",
        todo="Authorise the shop again in the platform's console, then store the new token and "
        "its end under the secrets that the settings name.",
        solved_title="authorisation renewed",
        solved_what="The new one is in use.",
    ),
    "webhook_off": Wording(
        title="[{shop} stopped pushing|A shop stopped pushing]",
        what="[{shop}|A shop] has switched off its webhooks to us after failed deliveries.",
        why="Payments and changes are seen only with the next reading of the shop, minutes later.",
        todo="Look first whether the address of the desk can be reached from the internet. Then "
        "set the webhooks named below to active in the shop's back office.",
        solved_title="the shop pushes again",
        solved_what="Its webhooks are active.",
    ),
    "feed_behind": Wording(
        title="Reading is [{behind} behind|behind]",
        what="[Feed {feed}|A feed] was not read in time[ and is {behind} behind].",
        why="New orders or scans are missing, and so are their problems.",
        todo="Check the last error of this feed in the log first. For orders, check the shop's "
        "authorisation and files. For tracking, check the source's quota and rate limit.",
        solved_title="reading has caught up",
        solved_what="Everything was read, with no gap.",
    ),
    "rows_rejected": Wording(
        title="[{rows}|File] not imported",
        what="[{rows} of {file} could not be read, and the rest was imported|{rows} of {feed} "
        "could not be read, and the rest was taken|{rows} could not be read, and the rest was "
        "imported|The file {file} could not be imported|A file could not be imported].",
        why="Nobody is watching those orders.",
        todo="[Check the places and reasons below first, then those orders in the back office. "
        "The rows of {feed} as they came are kept in quarantine.|Check the places and reasons "
        "below first, correct the sheet and upload it again. For numbers like 1.23E+12, format "
        "the column as text and export again.]",
        solved_title="rows are read again",
        solved_what="No further row was refused.",
    ),
    "target_failing": Wording(
        title="[{target} gets no alerts|Alerts are not delivered]",
        what="Alerts to [{target}|a target] keep failing[, for {lasted}].",
        why="Agents do not see new problems. Undelivered alerts are kept and sent later.",
        todo="Check first whether the robot was removed from the group, then its URL, signing "
        "secret and keyword. Then run aftersales channels test[ {target}| with the target's name].",
        solved_title="alerts are delivered again",
        solved_what="Those that waited are being sent.",
    ),
    "calendar_missing": Wording(
        title="No holiday calendar[ for {year}]",
        what="There is no calendar of public holidays[ for {year}], so only weekends count as "
        "days off.",
        why="Around holidays, deadlines in working days will be wrong.",
        todo="Upgrade once the holidays are published, or fill in calendar.holidays and "
        "calendar.working_days in the settings.",
        solved_title="holiday calendar is there",
        solved_what="Working days follow it now.",
    ),
}

OTHER = Wording(
    title="Something needs attention",
    what="[There is a problem with the parcel {parcel}|There is a problem] that a person must "
    "look at[ ({status})].",
    why="It is not expected to go away by itself, and the buyer may feel it.",
    todo="Read the facts below, find the cause, then decide how to answer the buyer.",
    solved_title="problem gone",
    solved_what="Nothing is left to do.",
)
