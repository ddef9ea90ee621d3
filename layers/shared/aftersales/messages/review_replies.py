"""Suggested replies to reviews, by topic and language, where the settings name none of their own.

They are read by everybody who looks at the product, are at most 500 characters long (the limit of
Tmall), and promise nothing but to look into it. An agent reads and changes them before they go out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

OTHER = "other"
"""Of a review whose topics have no reply."""

REPLIES: dict[str, dict[str, str]] = {
    "zh-CN": {
        "quality": "您好，收到的商品让您不满意，很抱歉。麻烦您把问题的照片发给在线客服，"
        "我们核对后为您安排退换或维修，同时会和仓库一起检查同批商品。",
        "logistics": "您好，物流让您久等了，很抱歉。我们已经在和快递核对这一单的情况，"
        "有结果会在聊天里告诉您；还有需要处理的地方，请直接找在线客服。",
        "packaging": "您好，包装没有保护好商品，很抱歉。麻烦把外箱和商品的照片发给在线客服，"
        "我们为您处理，并请仓库改进这款商品的包装。",
        "fake": "您好，理解您的担心。商品的来源和凭证可以向在线客服索取，也欢迎送检，"
        "我们会配合核实，有问题按平台规则处理。",
        "service": "您好，客服没有及时帮到您，很抱歉。我们会查看当时的聊天记录，"
        "由值班主管与您联系，把没有处理完的事情处理完。",
        "size": "您好，尺码不合适给您添麻烦了。请告诉在线客服您的尺寸，"
        "我们帮您挑选合适的规格并办理换货，"
        "也会把您的反馈补充到尺码说明里。",
        "price": "您好，谢谢您反馈价格的问题。请把订单发给在线客服，"
        "我们按店铺和平台的价保规则为您核对。",
        "wrong_or_missing_item": "您好，发错或少发了商品，很抱歉。"
        "请把收到的商品和面单的照片发给在线客服，"
        "我们核对后尽快补发或换货。",
        "not_as_described": "您好，实物与您的预期有差别，很抱歉。请告诉在线客服具体是哪里不一样，"
        "我们为您办理退换，并会核对商品页面的描述和图片。",
        OTHER: "您好，这次购物没有让您满意，很抱歉。请联系在线客服说明情况，我们会认真处理，"
        "也谢谢您指出我们的不足。",
    },
    "zh-TW": {
        "quality": "您好，收到的商品讓您不滿意，很抱歉。請將商品狀況拍照傳到聊聊，"
        "我們確認後會為您安排退換或維修，也會檢查同一批商品。",
        "logistics": "您好，讓您久等了，很抱歉。我們正在向物流確認這筆訂單的狀況，"
        "有消息會在聊聊告訴您；如果還有其他需要，也請直接告訴我們。",
        "packaging": "您好，包裝沒有保護好商品，很抱歉。請將外箱和商品拍照傳到聊聊，"
        "我們會為您處理，並改善這項商品的包裝方式。",
        "fake": "您好，我們理解您的疑慮。商品來源與憑證可以在聊聊索取，也歡迎送驗，"
        "我們會配合查證，若有問題會依賣場規則處理。",
        "service": "您好，客服沒有即時幫上忙，很抱歉。我們會查看當時的對話紀錄，"
        "由主管與您聯絡，把還沒處理的事情處理好。",
        "size": "您好，尺寸不合造成您的不便，很抱歉。請在聊聊告訴我們您的尺寸，"
        "我們協助您挑選並更換，"
        "也會把您的意見補進尺寸說明。",
        "price": "您好，謝謝您反映價格的問題。請把訂單傳到聊聊，我們會依賣場規則為您確認。",
        "wrong_or_missing_item": "您好，寄錯或漏寄商品，很抱歉。"
        "請將收到的商品和寄件單拍照傳到聊聊，"
        "我們確認後會盡快補寄或更換。",
        "not_as_described": "您好，實品和您預期的不同，很抱歉。請在聊聊告訴我們差異在哪裡，"
        "我們會協助退換，也會檢查商品頁的說明和照片。",
        OTHER: "您好，這次購物沒有讓您滿意，很抱歉。請在聊聊告訴我們詳細情形，我們會用心處理，"
        "也謝謝您指出需要改進的地方。",
    },
    "en": {
        "quality": "Hello, we are sorry that the item is not as good as it should be. Please send "
        "us a photo of the problem in the shop's chat. We will look at it, arrange an exchange or "
        "a return, and check the rest of the batch.",
        "logistics": "Hello, we are sorry about the delivery. We are asking the courier about this "
        "parcel and will write to you in the shop's chat as soon as we know more.",
        "packaging": "Hello, we are sorry that the packaging did not protect the item. Please send "
        "us photos of the box and of the item in the shop's chat. We will put it right, and have "
        "the packaging of this product changed.",
        "fake": "Hello, we understand your concern. Please ask us in the shop's chat for proof of "
        "where the item comes from. If anything is wrong with it, we will take it back.",
        "service": "Hello, we are sorry that we did not help you in time. A supervisor is reading "
        "the conversation and will write to you to settle what is still open.",
        "size": "Hello, we are sorry that the size does not fit. Please tell us your measurements "
        "in the shop's chat. We will help you to choose and exchange it, and will add your remark "
        "to the size guide.",
        "price": "Hello, thank you for telling us about the price. Please send us your order "
        "number "
        "in the shop's chat, and we will check what we can do.",
        "wrong_or_missing_item": "Hello, we are sorry that an item is wrong or missing. Please "
        "send "
        "us a photo of what you received in the shop's chat, and we will send the right one.",
        "not_as_described": "Hello, we are sorry that the item differs from what you expected. "
        "Please tell us in the shop's chat how it differs. We will take it back or exchange it, "
        "and will check the product's page.",
        OTHER: "Hello, we are sorry that you are not happy with your purchase. Please write to us "
        "in the shop's chat so that we can put it right. Thank you for telling us.",
    },
}
_TRADITIONAL = ("zh-tw", "zh-hk", "zh-mo", "zh-hant")


def suggested_reply(
    topics: Iterable[str], language: str, own: Mapping[str, Mapping[str, str]]
) -> str:
    """A reply to a review about `topics`, the first that has one; `own` are the settings'."""
    known = known_language(language)
    for topic in (*topics, OTHER):
        mine = own.get(topic, {})
        found = mine.get(language) or mine.get(known) or REPLIES[known].get(topic)
        if found:
            return found
    return REPLIES[known][OTHER]


def known_language(language: str) -> str:
    """The language of a built-in reply for `language`: zh-CN, zh-TW or en."""
    tag = language.strip().replace("_", "-").lower()
    if tag.startswith(_TRADITIONAL):
        return "zh-TW"
    return "zh-CN" if tag.startswith("zh") or not tag else "en"
