"""Sentences that hold the words of complaints and are none: 一个坏的都没有, 不过影响不大.

They say that a flaw is not there, or that it does not matter. All patterns see a folded text.
"""

from __future__ import annotations

import re

_NO_FLAW = (
    r"(?:没有?|未|无|毫无|不存在)(?!解决|处理|收到|问)[^,。;!?]{0,8}?(?:坏|破损|损坏|瑕疵|划痕|异味|怪味|气味|色差|"
    r"问题|毛病|后悔|失望|不适|不良|刺激|过敏|噪音|噪声|卡顿|掉色|褪色|起球|磕碰|漏水|痛苦|不好|不清|不通|不舒服|吵)"
    r"|不(?:后悔|失望|显陈旧|显旧|卡顿|吵|掉色|起球|褪色|伤|刺激)|没(?:后悔|失望|让(?:我|人)失望)"
    r"|(?:坏|烂|破)的?(?:都|也)?(?:没有|没)|没(?:有)?听(?:到|见)"
    r"|\bno (?:problems?|issues?|complaints?|regrets?|defects?|flaws?)\b"
)
_UNSOLVED = (
    r"没有?[^,。;!?]{0,4}(?:解决|处理|效果)|问题(?:没|未)|不给|不理|(?:根本|一点|完全)没"
    r"|没有?(?:一个|几个)?好的"
)
_NO_MATTER = (
    r"(?:关系|影响|问题|差别|区别|差距)(?:也|都)?不(?:是很|是太|算|太)?大|无所谓|没关系|不(?:会)?影响"
    r"|(?<!不)(?<!不能)(?<!难以)(?<!无法)(?:能|可以|还可|也可)(?:以)?(?:接受|理解|忍受)|瑕不掩瑜|不要紧|不碍事|无伤大雅"
    r"|足够|够用|够了(?!没)|没(?:有|什么|啥)*(?:大碍|影响)|积极解决"
    r"|no big deal|does(?:n't| not) matter|not a (?:big )?(?:problem|issue|deal)"
)
_LACK = (
    r"[太偏差小少慢贵脏旧吵臭硬薄厚坏烂破漏卡难缺错弱低短窄闷冷凉热湿撒松紧咸淡辣腻苦霉暗糙噪丑远怕掉涨]"
    r"|不[够是好舒方耐清灵合符便满行稳平均准起能会适送显]|(?:没[^,。]{0,3}(?:有|送|给|收|发|开|搞|以前|之前|想))|未|异味"
    r"|忘|弄|失望|希望|建议|改进|加强|有待|遗憾|无语|无奈|可气|一般|有点|有些|点儿|不足|瑕|不像|不了|怎么|为什么|为啥"
    r"|浪费|拒绝|折扣|黑点|手印|蚊子|油漆|问题|毛病|欠|简陋|堵|挡|挤|要等|等好?久|卖光|虚高|改善|维护|烦|扰|歪|起球|浓"
    r"|了点|多了|不[快多浓包到能见着了]|没(?:什么|那么|多少)|服务费|花钱|超过|坏了|重了|老的|达不到"
    r"|\b(?:not|no|n't|small|bad|poor|short|slow|hard|too|lack\w*|wish|only|weak|loud|cheap)\b|n't\b"
)


def denies(sentence: str) -> bool:
    """Does it say that nothing is wrong, or that what is wrong does not matter?"""
    if re.search(_NO_FLAW, sentence):
        return not re.search(_UNSOLVED, sentence)
    return re.search(_NO_MATTER, sentence) is not None


def names_a_lack(sentence: str) -> bool:
    """Is there a word in it for what is missing or wrong?"""
    return re.search(_LACK, sentence) is not None
