"""Advertisements among reviews: somebody's contact together with an offer.

Contacts are hidden with full-width and circled digits, emoji, look-alike characters and gaps
(加V, 薇信, 1 3 8 …). So patterns look at a text of which gaps and disguises were taken off. A
contact in a complaint is a buyer who wants to be called: no advertisement, but escalated.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set as AbstractSet
from functools import cache
from typing import NamedTuple

from review_scanner.classifier.characters import SIMPLIFIED, TRADITIONAL
from review_scanner.classifier.text import Reading, folded, plain, slot_of, tokens_of

DOUBTFUL = 1.0
"""Advertisements are not what the score learnt from; below this it says little of one."""
STRONG = 2
"""So many offers are an advertisement even in a text that scores as negative."""

_HINT_WORDS = """
    000 qq vx wx 加v 加q +v +q v信 q群 v: q: 加微 加薇 加我 加个 加一下 微信 薇信 威信 维信 徽信
    微芯 微x 扣扣 企鹅 weixin wechat whatsapp telegram line http https www com cn net shop vip @
    群号 进群 加群 入群 电报 抖音 快手 公众号 小红书 二维码 私信 私聊 联系 电话 手机号 热线 复制
    覆制 淘口令 兼职 刷单 刷信 刷钻 刷好评 返利 返现 返佣 佣金 日结 日赚 月入 日入 赚钱 赚外快
    代理 加盟 货源 批发 直销 直供 代购 代刷 代练 代开 发票 办证 信用卡 贷款 低息 套现 领券 领取
    内部券 优惠券 福利 免费 元购 招收 招聘 招募 诚招 诚聘 宝妈 高价 低价 出售 转让 出手 卖号
    收号 娱乐城 博彩 彩票 六合 时时彩 荷官 棋牌 增粉 涨粉 推广 引流 减肥茶 减肥药 祛斑 丰胸 壮阳
    增大 包赔 秒到 有意者 转卖 卖给 想卖 想要转 感兴趣 有需要 朋友要 预约 需要的 想要的 同款
    本店 我店 我的店 我家店 新店 找我 咨询 call text txt dm email message contact inbox promo
    code website channel earn click visit winner prize claim wholesale loan casino crypto
    subscribe followers free +薇 薇: +微 领红包 想买的 新开业 cheap cheapest prices win guaranteed
    awarded voucher vouchers unclaimed
"""

_DISGUISES = {
    **dict(zip("零〇一二三四五六七八九", "00123456789", strict=True)),
    **dict(zip("壹贰叁肆伍陆柒捌玖", "123456789", strict=True)),
    **{chr(0x2776 + n): str(n + 1) for n in range(9)},
    **{chr(0x1F1E6 + n): chr(ord("a") + n) for n in range(26)},
    **{chr(0x1F170 + n): chr(ord("a") + n) for n in range(26)},
    "➕": "+",
    "✚": "+",
    "㊉": "+",
    "⃣": "",
    "️": "",
    "✌": "v",
    "🛰": "微",
    "🐧": "qq",
}
_MARKS = frozenset(mark for mark in _DISGUISES if mark > "\u2000" and not "一" <= mark <= "龥")
_GAP = r"[\s.·\-_*~,。、|/]{0,2}"
_DIGIT_RUN = re.compile(rf"(?<!\d)1{_GAP}[03-9](?:{_GAP}\d){{9}}(?!\d)")
_LETTERS_APART = re.compile(r"(?<![a-z0-9])(?:[a-z0-9][\s.·_*~-]{1,2}){4,}[a-z0-9](?![a-z0-9])")

_BETWEEN = re.compile(r"[\s.·_*~-]")

_NAMES = (
    r"微信|薇信|威信|维信|徽信|微芯|微x|v信|vx|wx|weixin|wechat|扣扣|企鹅号?|qq|q群|电报|telegram|"
    r"whatsapp|飞机号|抖音号|快手号|公众号|小红书号|line(?=\s*(?:id|[::@]))"
)
_NAMED_ID = re.compile(
    rf"(?:{_NAMES}|加[vq]|[vq][::])[^\na-z0-9]{{0,6}}([a-z0-9][a-z0-9_\-]{{4,19}})(?![a-z0-9])"
)
# Few texts get as far as these three; `re` compiles each at the first that does, and remembers it.
_CONTACT = (
    rf"(?:{_NAMES})[^\n。!?]{{0,8}}?(?<![a-z0-9])[a-z0-9][a-z0-9_\-]{{4,19}}"
    r"|(?<![a-z0-9])(?:qq|vx|wx|v|wechat)\d{5,12}(?!\d)|\bwxid_\w+"
    r"|[+加] ?[薇微](?!波|热|小|凉|甜|辣)"
    r"|(?<![a-z0-9])[vq]\W{1,3}(?=[a-z_\-]*\d)[a-z0-9][a-z0-9_\-]{4,19}|加入[^,。!?]{0,6}群"
    rf"|加(?:我|下|一下|个)?(?:{_NAMES}|[+ ]?[vq](?![a-z])|薇|微(?!波|热))"
    r"|\+[vq](?![a-z0-9]{0,3}[^a-z0-9])[::\s]*[a-z0-9]{4,}|[vq](?:号|群"
    r"|裙)?[::+]\s*[a-z0-9_\-]{5,20}"
    r"|(?:扫|长按|识别)[^,。!?\n]{0,6}[2二]维码|[进加入]q?群(?!众)|(?:私信|私聊|联系)我|(?:电话"
    r"|手机|热线|tel)"
    r"[::\s]*0?[1-9]\d{6,11}"
    r"|(?:https?://|www\.)[^\s\u4e00-\u9fff]{4,}|\b[a-z0-9-]{3,}\.(?:com|cn|net|shop|vip|top|xyz"
    r"|cc|co)\b"
    r"|\b(?:txt|text|send|reply)\b.{1,24}? to \d{4,}|\bcall\b.{0,24}?\d{8,}"
    r"|[a-z0-9._+-]+@[a-z0-9-]+\.[a-z.]{2,8}|[复覆]制(?:这|本)?[^,。]{0,8}打开|淘口令"
    r"|\b(?:dm|text|call|e-?mail|inbox|message|contact) (?:me|us)\b|\b(?:call|text|txt) \d{4,}"
)
_CHINESE_OFFER = (
    r"\d{2,6}(?:元|块)(?:的?价格?)?(?:转让|转卖|出售)|宣传一下"
    r"|领红包|新开业|想买的|低价"
    r"|(?:需要|想要|喜欢|想买)[^,。!?]{0,6}的?(?:可以)?(?:联系|加|找|私)(?!客服)|"
    r"兼职|刷单|刷信誉|刷钻|刷好评|返利|返现|返佣|佣金|日结|日赚|月入|日入|赚钱|赚外快|代理|加盟"
    r"|货源|批发"
    r"|厂家直[销供]|代购|代刷|代练|代开|开发票|办证|办理?信用卡|贷款|低息|套现|领券|领取|内部券"
    r"|优惠券群|福利群"
    r"|免费[领送拿]|免费试[用吃]|0元购|零元购|进群|加群|招[收聘募]|诚[招聘]|宝妈|高价回收|高价收"
    r"|低价出|出售|转让"
    r"|特价出|出手|便宜[出卖]|[卖收]号|娱乐城|博彩|彩票|六合|时时彩|赌|荷官|棋牌|增粉|涨粉|推广"
    r"|引流|减肥[茶药产]|祛斑|丰胸"
    r"|壮阳|增大|成人用品|包赔|秒到|有意者|转卖|卖给|想卖"
    r"|想要转|感兴趣.{0,4}(?:联系|短[信息])|有需要.{0,6}(?:联系|加|找)|有朋友要|预约.{0,4}电话"
    r"|需要的(?:联系|加|找)|想要的(?:联系|加|找)|同款(?:只要"
    r"|仅|才)"
    r"|我[家的]店|本店|欢迎(?:光临|选购|咨询|加|联系)|新店|找我(?:买|拿)|咨询(?:加|电话|热线)"
    r"|详[情询]"
)
_LATIN_OFFER = (
    r"cheap(?:est)? prices?|(?:best|lowest) prices?|promo(?:tion)? ?code|discount code|coupon code"
    r"|use (?:my )?code|earn \$?\d|make money|work from home"
    r"|my (?:shop|store|channel|website|page|link)|link in (?:my )?bio|click (?:here|the link"
    r"|this|below)"
    r"|visit (?:my|our|www|http)|check out (?:my|our)|free (?:gift|iphone|entry|msg|ringtone"
    r"|prize)|gift card for"
    r"|\bwinner\b|cash prize|\bclaim\b|\bprize\b|limited offer|best price(?:s)? (?:at|on)"
    r"|wholesale|join (?:my|our)"
    r"|\bwin (?:a|an|up|your)\b|\bguaranteed\b|\bur ringtones?\b|\bunclaimed\b|\bun-?redeemed\b"
    r"|\bawarded\b|£ ?\d|\bper (?:msg|week|wk|min)\b|\bt&?cs\b|\bvouchers?\b"
    r"|followers|subscribe|crypto|casino|\bloan\b|to stop\b|\bopt out\b"
)
# With what a contact and an offer begin: elsewhere in a text their many patterns need no try.
_CONTACT_STARTS = r"a-z0-9+._\-企入公加复威小微徽快手扣扫抖淘热电私维联薇覆识进长飞"
_LATIN_STARTS = "abcdefgjlmopstuvw£"
_CHINESE_STARTS = (
    r"\d丰代优低佣便免六兼内减出刷办加包卖博厂同咨喜增壮套娱宝宣开引彩想感成我批找招推收新日时月有本棋欢涨"
    "特祛福秒荷诚详货贷赌赚转返进零需预领高"
)
_GRIEVANCE = (
    r"退款|退货|退钱|投诉|举报|维权|骗|不理|不处理|不回|拒绝|坏了|假货|赔|差评|没收到|没解决|垃圾"
    r"|消协|12315"
    r"|refund|complain|scam|broken|never (?:came|arrived|received)|no (?:reply|answer|response)"
)


_OWN = (
    rf"(?:{_NAMES}|[加+]薇|加v|v(?:号|群)?(?=\W)|\+v)(?<!qq)(?<!q群)(?<!扣扣)(?:\W|号|群|是|为|我){{0,5}}"
    r"(?=[a-z_\-]*\d)[a-z0-9][a-z0-9_\-]{4,19}(?![a-z0-9])"
)
"""Somebody's own id. Buyers who like what they bought do leave a QQ number to talk about it."""
_OF_AN_ORDER = r"(?:订单|单号|编号|运单|快递|货号|物流)[^,。]{0,4}1"
_RESALE = r"\d{2,6}(?:元|块)(?:的?价格?)?(?:转让|转卖|出售)"


class Contact(NamedTuple):
    """What of a text concerns contact: is there one, how many different offers, a grievance.

    `own`: somebody's own id or mobile number stands there; `lacks`: and a word for what is wrong.
    `resale`: something is offered for a price.
    """

    contact: bool
    offers: int
    grievance: bool
    own: bool = False
    lacks: bool = False
    resale: bool = False


def contact_in(text: str, reading: Reading, met: AbstractSet[int]) -> Contact:
    """Look for contacts and offers in a text that has been read. `met`: its slots of hints."""
    if contact_hints().isdisjoint(met) and _MARKS.isdisjoint(text):
        return Contact(False, 0, False)
    bare = undisguised(text)
    number = _DIGIT_RUN.search(bare)
    contact = bool(number or _starting(_CONTACT_STARTS, _CONTACT).search(bare))
    if bare.isascii():
        offering = _starting(_LATIN_STARTS, _LATIN_OFFER)
    else:
        offering = _starting(_CHINESE_STARTS + _LATIN_STARTS, f"{_CHINESE_OFFER}|{_LATIN_OFFER}")
    offers = len(set(offering.findall(bare)))
    # Without a contact or an offer nothing is decided by a grievance.
    grieves = bool((contact or offers) and re.search(_GRIEVANCE, bare))
    mobile = number is not None and not re.search(_OF_AN_ORDER, bare)
    own = contact and (mobile or re.search(_OWN, bare) is not None)
    lacks = own and _names_a_lack(reading.text)
    resale = bool(offers and re.search(_RESALE, bare))
    return Contact(contact, offers, grieves, own, lacks, resale)


@cache
def _starting(starts: str, pattern: str) -> re.Pattern[str]:
    """`pattern`, tried at none but these characters; `re` would try each alternative at all."""
    return re.compile(f"(?=[{starts}])(?:{pattern})")


def _names_a_lack(form: str) -> bool:
    from review_scanner.classifier.denials import names_a_lack

    return names_a_lack(form)


def is_advertising(found: Contact, score: float) -> bool:
    """Contact or offers as of an advertisement; a contact in a complaint is none.

    Who is content has no reason to leave a number.
    """
    if found.grievance:
        return False
    if found.own and (score <= 0 or (score < DOUBTFUL and not found.lacks)):
        return True
    if found.resale and score < DOUBTFUL:
        return True
    if score > 0 and found.contact:
        return found.offers >= (1 if score < DOUBTFUL else STRONG)
    return (found.contact and found.offers > 0) or found.offers > STRONG


def wants_contact(found: Contact, score: float) -> bool:
    """Does a discontented buyer leave a contact? Such a complaint is escalated."""
    return found.contact and score > 0 and not is_advertising(found, score)


@cache
def contact_hints() -> frozenset[int]:
    """Slots of n-grams; a text without one of them is not looked at closely."""
    return frozenset(slot_of(*tokens_of(folded(word))) for word in _HINT_WORDS.split())


def undisguised(text: str) -> str:
    """Text in small ASCII letters and digits, gaps inside of numbers and spelt-out ids closed."""
    bare = unicodedata.normalize("NFKC", plain(text).translate(_clear())).lower()
    return _LETTERS_APART.sub(lambda run: _BETWEEN.sub("", run[0]), bare)


def mask_contacts(text: str) -> str:
    """`text` with the ids that stand beside a contact's name, and disguised numbers, hidden."""
    comparable = "".join(map(_like, text))
    shown = list(text)
    for found in [*_NAMED_ID.finditer(comparable), *_DIGIT_RUN.finditer(comparable)]:
        group = found.lastindex or 0
        for at in range(found.start(group) + 1, found.end(group)):
            shown[at] = "*"
    return "".join(shown)


def _like(character: str) -> str:
    """The one character that a character stands for."""
    clear = _clear().get(ord(character), character) or " "
    form = unicodedata.normalize("NFKC", clear).lower()
    return form if len(form) == 1 else character


@cache
def _clear() -> dict[int, str | None]:
    simple = zip(map(ord, TRADITIONAL), SIMPLIFIED, strict=True)
    # NFKC would make the same of full-width forms; without them most texts are in it already.
    narrow = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    return {
        **dict(simple),
        **narrow,
        **{ord(mark): clear or None for mark, clear in _DISGUISES.items()},
    }
