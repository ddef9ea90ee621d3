"""Questions for information: 有没有小一码的？ Nobody complains there, though they speak of a lack.

Only a text that is nothing but one such question counts, and only where no word in it complains:
most questions in reviews are reproaches. All patterns see a text in its one form.
"""

from __future__ import annotations

import re

_LONGEST = 90
_ASKED = (
    r"(?:(?:亲|亲们|老板|店家|卖家|掌柜|大家|你好|您好|hi|hello)?[,!。 ]{0,2})?"
    r"(?:请问|想问|问|咨询)?(?:一?下)?[,: ]?[^,。!?;]{0,12}?(?:"
    r"(?:还?有没有|有无|还有|有)[^,。!?;]{0,12}(?:码|号|色|款|尺寸|版|型号|配件|规格|货|口味|的)(?:的|卖)?"
    r"|(?:什么时候|啥时候|多久|几时)[^,。!?;]{0,8}(?:补货|有货|上架|上新|再有)"
    r"|(?:可以|能|能不能|可不可以|能否|会不会)[^,。!?;]{1,12}"
    r"|(?:怎么|如何|怎样)(?:用|使用|装|安装|洗|清洗|设置|操作|保养|充电|连接|拆|搭配|选)[^,。!?;]{0,10}"
    r"|[^,。!?;]{0,6}(?:多大|多高|多长|多宽|多重|多少(?:克|斤|毫升|厘米|寸|瓦|升|ml|cm|kg|g)"
    r"|几(?:斤|寸|米|个月|岁)|适合)[^,。!?;]{0,12}"
    r")(?:吗|么|呢|啊|呀)?[?~。! ]*"
)
_ENGLISH = (
    r"(?:hi|hello|hey)?[,! ]*(?:does (?:it|this|anyone)|do (?:you|i|they)|is (?:it|this|there)|"
    r"are (?:these|they|there)|can (?:i|you|it|this|we)|could you|will (?:it|this)|has anyone|"
    r"how (?:do|does|to|long|many|much|big|tall|can)|what (?:size|colou?r|is the|are the)|which|"
    r"where can|when will)\b[^.!?]{3,80}\?+"
)
_ASKING = frozenset("?吗么呢")
_NEITHER = r"有没有|能不能|可不可以|会不会"
"""Here the words of denial are only how one asks."""
_REPROACH = (
    r"[不没坏烂破坑骗差退换赔错漏霉脏臭太慢卡贵降薄少假]|收到|以为|投诉|二手|正品|垃圾|失望|无语|还能|确定|"
    r"为什么|到底|这样|这么|这种|客服|[送快到]|点[吗么儿呢?]|一根|发货|"
    r"\b(?:not|n't|broke|broken|refund|return|fake|real|never|why|supposed|even|normal|defect\w*|"
    r"faulty|flaw\w*|stupid|missing|wrong|how this|go unnoticed|stop\w*|scam|joke|kidding)\b"
)


def is_question(form: str) -> bool:
    """Is this folded text a question for information, and nothing else?"""
    form = " ".join(form.split())
    asks = not _ASKING.isdisjoint(form[-4:]) or form.startswith(("请问", "想问"))
    if not asks or not 3 <= len(form) <= _LONGEST:
        return False
    if re.search(_REPROACH, re.sub(_NEITHER, "", form)):
        return False
    return bool(re.fullmatch(_ASKED, form) or re.fullmatch(_ENGLISH, form))
