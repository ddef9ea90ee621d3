"""Cutting and disarming text for the channels.

Three dangers meet in a chat message: a limit that counts bytes while Chinese text is cut by
characters, a buyer's nickname that is markup to the robot (`<!channel>`, `[here](http://...)`),
and a name like `@all` that calls a whole group. Markup is disarmed by look-alike full-width
characters, as no chat robot documents an escape character that all of its clients honour.
Standard library only.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, urlsplit

ELLIPSIS = "…"
LINK_LIMIT_BYTES = 1000

# Direction overrides would turn round the text that stands after them.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_NOT_TEXT = ("Cc", "Cs")
_WIDE = str.maketrans({"*": "＊", "`": "｀", "~": "～", "\\": "＼", "[": "［", "]": "］"})
_TAGS = str.maketrans({"<": "＜", ">": "＞"})
_LONE_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_ENTITY = re.compile(r"&(?=#?[A-Za-z0-9]{1,32};)")
_HEADING = re.compile(r"^#+", re.MULTILINE)
_RULER = re.compile(r"^(?:-{2,}|={2,})\s*$", re.MULTILINE)
_LINK_SAFE = "%/:?#&=+,;!$'~-._"


def clean(text: str) -> str:
    """`text` without control characters, broken surrogates and direction overrides; lines kept."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    text = _TURNING.sub("", text)
    kept = (
        c if c == "\n" or unicodedata.category(c) not in _NOT_TEXT else _stand_in(c) for c in text
    )
    lines = (
        line.strip()
        for line in "".join(kept).replace("\u2028", "\n").replace("\u2029", "\n").split("\n")
    )
    return "\n".join(line for line in lines if line)


def _stand_in(character: str) -> str:
    return "\ufffd" if unicodedata.category(character) == "Cs" else " "


def one_line(text: str) -> str:
    """`clean`, and every run of white space is one space: fit for a title, a subject, a header."""
    return " ".join(clean(text).split())


def utf8_bytes(text: str) -> int:
    """How many bytes `text` is in UTF-8, the unit of the Chinese robots and of SNS."""
    return len(text.encode())


def utf16_units(text: str) -> int:
    """How many UTF-16 units `text` is: never less than a vendor's count of its characters."""
    return len(text.encode("utf-16-le")) // 2


def cut_bytes(text: str, limit: int, suffix: str = ELLIPSIS) -> str:
    """`text`, or its beginning plus `suffix`, in at most `limit` UTF-8 bytes, whole characters."""
    return _cut(text, limit, suffix, "utf-8", 1)


def cut_characters(text: str, limit: int, suffix: str = ELLIPSIS) -> str:
    """`text`, or its beginning plus `suffix`, in at most `limit` UTF-16 units, whole characters."""
    return _cut(text, limit, suffix, "utf-16-le", 2)


def _cut(text: str, limit: int, suffix: str, codec: str, unit: int) -> str:
    encoded = text.encode(codec)
    if len(encoded) <= limit * unit:
        return text
    room = limit * unit - len(suffix.encode(codec))
    if room < 0:
        suffix, room = "", max(limit, 0) * unit
    # A joiner left at the end would melt the last emoji with the suffix.
    return encoded[:room].decode(codec, errors="ignore").rstrip("\u200d ") + suffix


def without_pings(text: str) -> str:
    """`text` in which no `@name` calls anybody."""
    return text.replace("@", "＠")


def without_tags(text: str) -> str:
    """`text` in which no `<at ...>`, `<@user>` or `<font>` is a tag."""
    return text.translate(_TAGS)


def without_markup(text: str) -> str:
    """`text` that a markdown reader shows as it stands. Underscores inside a number stay."""
    text = _ENTITY.sub("＆", text.translate(_WIDE))
    text = _LONE_UNDERSCORE.sub("＿", text)
    text = _HEADING.sub(lambda match: "＃" * len(match[0]), text)
    return _RULER.sub(lambda match: match[0].replace("-", "－").replace("=", "＝"), text)


def disarmed(text: str) -> str:
    """`text` in which nothing is a tag and nobody is called: fit for a robot's plain text."""
    return without_tags(without_pings(text))


def disarmed_markup(text: str) -> str:
    """The same, and fit for a robot's markdown."""
    return without_markup(disarmed(text))


def safe_link(url: str) -> str:
    """`url` fit to stand inside markup, or "" where it is no http(s) link or too long for one."""
    try:
        parts = urlsplit(clean(url))
    except ValueError:
        return ""
    url = quote(clean(url), safe=_LINK_SAFE)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return ""
    return url if len(url) <= LINK_LIMIT_BYTES else ""
