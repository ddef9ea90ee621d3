"""What is said in zh-TW about reviews."""

from __future__ import annotations

from aftersales.messages.catalogue import Wording

STARS = "{n} 星"
NEUTRAL, BAD = "中評", "負評"
OPEN_REVIEW = "查看評價"
OPEN_REPORT, AT_THE_LINK = "查看週報", "見下方連結"
HINT_NOTE = "僅供參考"
CONTACT = "買家留了聯絡方式，請先聯絡買家。"
TOPICS = {
    "logistics": "物流",
    "price": "價格",
    "packaging": "包裝",
    "fake": "真偽",
    "service": "服務",
    "size": "尺寸",
    "quality": "品質",
    "wrong_or_missing_item": "寄錯或漏寄",
    "not_as_described": "與說明不符",
}
ORDER_STATES = {
    "deleted": "平台上已刪除",
    "unknown": "系統裡沒有這筆訂單",
    "forgotten": "系統裡已沒有這筆訂單，以下是先前的資料",
}
REFUNDS = {"open": "退款處理中", "done": "已退款", "partial": "部分退款"}
HINTS = {
    "mostly_bad": "這位買家 {of} 則評價中有 {n} 則負評",
    "several_shops": "在 {n} 個賣場寫過負評",
    "asks_for_money": "文字裡提到賠償或修改評價",
    "copied": "同樣的文字也寫在另外 {n} 項商品",
}
OUTCOMES = {
    "changed": "買家已修改",
    "deleted": "已刪除",
    "replied": "已回覆",
    "given_up": "不再追蹤",
    "open": "處理中",
    "no_case": "未開案件",
}
FIELD_LABELS = {
    "rating": "評分",
    "review": "評價",
    "follow_up": "追加評價",
    "topics": "問題",
    "product": "商品",
    "refund": "退款",
    "edit_until": "買家可修改至",
    "hints": "參考資訊",
}
KINDS = {
    "bad_review": Wording(
        title="[{rating}|][{grade}|負評][：{topics}]",
        what="買家留下了[ {rating}|][{grade}|負評][，提到{topics}][（{product}）]。",
        why="這則評價會一直顯示在商品頁，影響其他買家[；{edit_left}後買家就不能再修改]。",
        todo="[{contact}]今天聯絡買家，先解決問題，再請買家修改評價，並公開回覆。",
        buyer_text="[{reply}]",
        solved_title="評價已處理",
        solved_what="[評價現在是 {rating}|評價已經處理]。",
        escalated_what="評價變得更嚴重[，現在是 {rating}][，提到{topics}][（{product}）]。",
    ),
    "hidden_complaint": Wording(
        title="好評裡的不滿[：{topics}]",
        what="評分[是 {rating}|不差]，但文字裡有不滿[，提到{topics}][（{product}）]。",
        why="這樣的買家多半不會再來，也沒有提出售後申請；現在聯絡還來得及。",
        todo="[{contact}]聯絡買家解決問題，並公開回覆。",
        buyer_text="[{reply}]",
        solved_title="評價裡的不滿已處理",
        solved_what="買家的文字裡已經沒有不滿。",
    ),
    "follow_up_turned_bad": Wording(
        title="追加評價變差[：{topics}]",
        what="買家原本沒有不滿，追加評價裡提到問題[：{topics}][（{product}）]。",
        why="追加評價顯示在原評價下方，其他買家更相信用過之後的意見。之後平台通常不再接受公開回覆。",
        todo="[{contact}]今天聯絡買家，依售後流程解決。",
        buyer_text="[{reply}]",
        solved_title="變差的追加評價已處理",
        solved_what="買家的追加評價已經處理。",
    ),
    "review_question": Wording(
        title="評價裡的提問",
        what="買家在評價裡提出問題[（{product}）]，還沒有人回答。",
        why="看評價的人也會看到這個問題和您的回答。",
        todo="公開回覆這則評價。",
        solved_title="評價裡的提問已處理",
        solved_what="提問已經有了回答。",
    ),
    "product_alarm": Wording(
        title="商品集中出現問題[：{topics}]",
        what="[{days} 天內 {complaints} 位買家|多位買家][因為{topics}]給"
        "[「{product}」|同一商品]寫了負評。",
        why="幾位買家提到同一個問題，多半出在這批貨、包裝或商品頁，繼續出貨會有更多負評。",
        todo="請營運和倉庫檢查這項商品的庫存、包裝和商品頁，必要時先停止出貨。",
        solved_title="商品問題已處理",
        solved_what="這項商品的問題已經處理。",
    ),
    "review_advertising": Wording(
        title="評價裡的廣告",
        what="評價看起來是廣告[（{product}）]。",
        why="廣告會把買家引到別處，平台接受檢舉。",
        todo="到賣家後台檢舉這則評價。",
        solved_title="廣告評價已處理",
        solved_what="廣告評價已經處理。",
    ),
    "review_report": Wording(
        title="[{week} 週|]評價情況",
        what="[共 {reviews} 則評價，負評 {bad} 則，占 {share}|沒有評價][，上週占 {before}|]。",
        why="[最常提到的是{topics}。|][負評最多的商品是「{product}」。|]",
        todo="[負評的結果：{outcomes}。|]"
        "[圖表與負評清單：{report_at}|"
        "圖表未能儲存，可用指令 aftersales reviews report --out reports 產生]",
        solved_title="報告",
        solved_what="不用處理。",
    ),
}
