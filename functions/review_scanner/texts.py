"""What can be seen in a review's words besides its score: questions, copies, pressure, language."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from review_scanner.classifier.judging import is_default, masked
from review_scanner.classifier.questions import is_question
from review_scanner.classifier.text import folded, plain

COPY_CHARACTERS = 15
"""A shorter text may be written twice by chance."""
_QUESTION = re.compile(
    r"请问|請問|想问|想問|问一下|問一下|怎么(用|装|安装|洗|弄|退|换|才能|办)|怎麼(用|裝|洗|退|換|辦)"
    r"|如何|什么时候|什麼時候|几天|幾天|多久|能不能|可不可以|有没有|有沒有|是不是|为什么|為什麼"
    r"|(?<!好)在?哪(?:里|裡|儿|兒)?(?:可以|能)?(?:申请|申請|开|開|买|買|下载|下載|查|领|領|找)"
    r"|\b(?:how (?:do|does|can|to|long|many|much)|can (?:i|you|it|this)|does (?:it|this|anyone)"
    r"|is (?:it|there|this)|do (?:i|you)|where (?:can|is)|when (?:will|does)|which one)\b",
    re.IGNORECASE,
)
_ASKING = re.compile(r"[?？]|[吗嗎么麼呢][\s。.!！~～]*$")
_PRESSURE = re.compile(
    r"返现|返現|补偿|補償|赔偿|賠償|赔我|賠我|给.{0,4}(红包|紅包)|退.{0,6}(差价|差價)|仅退款|僅退款|私了"
    r"|(不|没).{0,8}(就|否则).{0,8}(差评|投诉|举报|曝光)|(改|删|刪).{0,3}(好评|好評|差评|差評|评价|評價)"
    r"|\b(?:compensat\w+|refund me|money back|or (?:else )?i(?:'ll| will)|change my review)\b",
    re.IGNORECASE,
)
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_TRADITIONAL = frozenset(
    "這個們來說沒還東買賣質貨價錢給嗎麼樣對時後開關門發現實點過進運單號聯絡應該無與為學壞裝態讓覺級輕飾麗舊幾顏線縫褲襯針織"
)
"""Common characters that only Traditional texts hold."""


def has_words(text: str) -> bool:
    """Did the buyer write something, beyond what platforms fill in for those who write nothing?"""
    form = folded(plain(text))
    return any(map(str.isalnum, form)) and not is_default(form)


def asks(text: str) -> bool:
    """Does the text ask something that a seller could answer?"""
    if not has_words(text):
        return False
    if _QUESTION.search(text) and _ASKING.search(text):
        return True
    return is_question(folded(plain(text)))


def presses_for_money(text: str) -> bool:
    """Are there words with which money is asked for in exchange for a review?"""
    return _PRESSURE.search(unicodedata.normalize("NFKC", text)) is not None


def text_hash(text: str) -> str:
    """A digest in which copies are alike, whatever their marks, spaces and width; "" for none."""
    letters = "".join(c for c in unicodedata.normalize("NFKC", text).lower() if c.isalnum())
    return hashlib.sha256(letters.encode("utf-8", "replace")).hexdigest()[:16] if letters else ""


def copy_key(text: str) -> str:
    """What a copied text is found by; "" for one that may be alike by chance."""
    letters = sum(character.isalnum() for character in text)
    return text_hash(text) if letters >= COPY_CHARACTERS and has_words(text) else ""


def shown(text: str, limit: int) -> str:
    """A text as agents see it in a group: phones, addresses of accounts and links hidden, one line,
    cut."""
    line = " ".join(plain(text).split())[: limit * 4]
    line = _LINK.sub("(…)", masked(line))
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def language_of(text: str, usual: str) -> str:
    """The language to answer in: that of the text as far as its script tells, else the usual."""
    # As a pattern this range would take longer to compile (1 to 3 ms) than a text to count.
    han = sum("\u3400" <= character <= "\u9fff" for character in text)
    letters = sum(character.isascii() and character.isalpha() for character in text)
    if not han:
        return "en" if letters >= 3 else usual
    if letters > 4 * han:
        return "en"
    traditional = sum(character in _TRADITIONAL for character in text)
    if traditional:
        return "zh-TW"
    return usual if usual.lower().startswith("zh") and "tw" not in usual.lower() else "zh-CN"
