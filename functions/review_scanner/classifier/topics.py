"""What a review is about, by words; "quality" by a small learned part as well.

A topic is named where it is spoken of, well or ill. Each word is one to three tokens long, so that
finding all of them is one intersection with the slots of n-grams that a text has anyway, and a
closer look at what that finds, as other n-grams may share a slot.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from functools import cache
from operator import itemgetter

from review_scanner.classifier.grams import Measured
from review_scanner.classifier.table import ZERO, Table
from review_scanner.classifier.text import EDGE, folded, slot_of, tokens_of

QUALITY = "quality"
LEARNED_ABOVE = 0.0
"""Log-odds above which the learned part speaks of quality."""

_WORDS = {
    "logistics": """
        物流 快递 发货 送货 配送 包裹 派送 送达 到货 运输 运费 邮费 收到货 签收 顺丰 圆通 中通
        申通
        韵达 极兔 邮政 快件 驿站 自提 次日达 隔天到 隔日达 当天到 次日到 到得快 送得快 送的快
        到的快 到得慢 送得慢 送的慢 外卖员 骑手 送餐 宅配 超商取 包邮 揽收 派件 催单 超时 小哥
        shipping|shipped|ship|delivery|delivered|deliver|courier|shipment|arrived|tracking|
        postage||
        postman|ups|fedex|usps|dhl|parcel""",
    "price": """
        价格 价钱 便宜 太贵 很贵 有点贵 贵了 不贵 好贵 贵点 划算 实惠 性价比 降价 涨价 差价
        优惠 打折
        折扣 优惠券 保价 价位 物价 价廉 不值 值这个 特价 促销 满减 超值 价保 买贵 白菜价 cp值
        price|prices|priced|pricey|expensive|cheap|cheaper|overpriced|cost|costs|discount|coupon|
        for the money|your money|bargain|affordable|great value|good value|the value""",
    "packaging": """
        包装 盒子 纸箱 箱子 纸盒 泡沫 破损 压扁 压坏 密封 漏液 漏了 礼盒 瓶口 气泡膜 封口 塑封
        外盒
        胶带 洒了 撒了 餐盒 打包 包裹严 漏出来 渗漏 瓶盖 挤压
        packaging|packaged|package|packing|boxed|wrapped|bubble wrap|sealed|leaked|leaking|
        the box""",
    "fake": """
        假货 正品 假的 真假 仿品 山寨 冒牌 盗版 正版 赝品 高仿 真伪 行货 水货 翻新 原装 真品
        是真货
        买到假 卖假 验货 防伪 专柜 a货 二手的 旧货 保真 是真的 假冒 仿的 真货
        fake|counterfeit|authentic|genuine|knockoff|knock off|replica|refurbished|imitation|
        not real||
        is original|not original""",
    "service": """
        客服 服务 态度 售后 卖家 店家 掌柜 老板 商家 不理人 没人理 不回复 退货 退款 换货 退换
        保修 维修
        师傅 安装 前台 服务员 投诉 店主 推脱 推诿 发票 补偿 赔偿 不处理 敷衍 小二 人工
        service|seller|vendor|support|refund|refunded|return it|warranty|rude|staff|
        representative||
        customer care|responded|replacement|helpful""",
    "size": """
        尺码 尺寸 大小 偏大 偏小 太小 太大 码数 合身 大了 小了 大一码 小一码 大码 小码 均码
        宽松 太紧
        紧了 太短 短了 太长 长了 太宽 太窄 肥了 尺度 合脚 挤脚 版型 显瘦 显胖 肩宽 腰围 容量
        规格 太薄
        size|sizes|sized|sizing|fit|fits|fitted|fitting|too small|too big|too large|too tight|
        too short||
        too long|runs small|runs large|loose|baggy""",
    QUALITY: """
        质量 品质 做工 材质 质感 坏了 坏的 用料 面料 布料 掉色 起球 褪色 开线 线头 耐用 瑕疵
        次品 劣质
        质地 死机 卡顿 发热 发烫 闪退 故障 黑屏 花屏 漏水 漏电 烂了 烂的 坏果 不新鲜 变质 发霉
        过期 异味
        刺鼻 裂了 断了 掉了漆 生锈 起毛 缩水 效果 好用 不好用 难用 没用 口感 味道 新鲜 过敏
        刺激 掉漆
        quality|broke|broken|defective|stopped working|durable|cheaply made|well made|flimsy|
        material||
        fabric|fell apart|doesn't work|didn't work|does not work|cracked|battery|shrank|ripped|
        torn""",
    "wrong_or_missing_item": """
        发错 少发 漏发 错发 送错 少了一 少一个 少一件 缺件 少件 漏件 缺少 缺了 少给 没给我 配件
        漏掉
        发漏 拿错 空包 空盒 空的 没有发 少送 漏送 少装 不全 没收到 忘记放 少了个 错货 数量
        少了两 少两
        wrong item|wrong color|wrong colour|wrong size|wrong product|wrong one|missing|
        not included||
        only received|only got|incomplete|never received|never got|empty box|sent wrong|sent me|
        the wrong""",
    "not_as_described": """
        不符 描述 色差 与图片 和图片 跟图片 图片 实物 货不对 不一致 虚假 误导 夸大 照片 骗人
        与实际
        和实际 与介绍 和介绍 不相符 宣传 欺骗 忽悠 不像图
        as described|description|pictured|the picture|the pictures|the photo|the photos|
        misleading||
        advertised|false advertising|look nothing|looks nothing|not what""",
}
"""Chinese words by spaces, English ones by bars; Traditional ones come out as these."""

TOPICS = tuple(_WORDS)


def topics_of(
    reading: Measured, table: Table, met: AbstractSet[int], *, known: bool = True
) -> list[str]:
    """The topics of a text, in the order of `TOPICS`. `met`: its slots that words may have.

    `known`: whether it says something in a language that the table knows.
    """
    words = topic_words()
    found: set[str] = set()
    if slots := words.keys() & met:
        text = between_edges(reading.tokens)
        found = {topic for slot in slots for word, topic in words[slot] if word in text}
    if known and QUALITY not in found and quality_of(reading, table) > LEARNED_ABOVE:
        found.add(QUALITY)
    return [topic for topic in TOPICS if topic in found] if found else []


def quality_of(reading: Measured, table: Table) -> float:
    """Log-odds that a text speaks of quality, as learned from labelled topics."""
    if not reading.slots or reading.latin:
        return -1.0  # only Chinese topics were there to learn from
    head = table.head
    slots = reading.low_slots(head.quality_bits)
    # One slot more, as itemgetter gives no tuple for one alone.
    total: int = sum(itemgetter(0, *slots)(table.quality)) - table.quality[0] - ZERO * len(slots)
    length: float = len(slots) ** 0.5
    return head.quality_scale * total / length + head.quality_bias


def between_edges(tokens: list[str]) -> str:
    """Tokens as one text in which a word is found whole, never as a part of another."""
    return EDGE.join(["", *tokens, ""])


@cache
def topic_words() -> dict[int, list[tuple[str, str]]]:
    """Slot -> the words that have it, as they stand between edges, each with its topic."""
    topics: dict[str, str] = {}
    for topic, lists in _WORDS.items():
        chinese: list[str] = []
        english: list[str] = []
        for line in lists.splitlines():
            (english if "|" in line else chinese).append(line.strip())
        words = " ".join(chinese).split() + "".join(english).split("|")
        topics |= {between_edges(tokens_of(folded(word))): topic for word in words if word}
    found: dict[int, list[tuple[str, str]]] = {}
    for word, topic in topics.items():
        found.setdefault(slot_of(*word.strip(EDGE).split(EDGE)), []).append((word, topic))
    return found
