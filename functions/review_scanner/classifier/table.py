"""The table of weights: how it is stored, packed and looked up.

One zlib stream: one byte per slot for the score, then one per slot for the topic "quality", then a
head of numbers. Bytes are shifted by 128; a byte times its scale is the weight of the n-grams of
its slot. Most are 0, so the stream is short. The head stands last, so that the slots of the score
are used where they were unpacked: a copy of a megabyte takes a tenth of the start.
"""

from __future__ import annotations

import struct
import zlib

from review_scanner.classifier.text import BITS

FILE = "sentiment.table"
MAGIC = b"ASRT"
VERSION = 2
LENGTHS = 17
"""Biases per kind of letters: one for each binary length of the count of n-grams, 0 to 16."""
_HEAD = struct.Struct(f"<4s3B5f{LENGTHS}f{LENGTHS}f")
_QUALITY_BITS = 12
_NUMBERS = (
    *("bits", "quality_bits", "scale", "band", "clause"),
    *("quality_scale", "quality_bias"),
)
_EXPECTED_BYTES = (1 << BITS) + (1 << _QUALITY_BITS) + _HEAD.size
"""Of a table like the shipped one, unpacked into one piece of memory; others take longer."""
ZERO = 128
"""Stored bytes are shifted by this, so that they are plain bytes."""


class Head:
    """What stands after the slots. Scores are log-odds of negative.

    2 to the power of `bits` and of `quality_bits` are the slots. A score is
    `scale * sum of bytes / sqrt(slots met) + bias`; the bias follows from the text's letters and
    from the binary length of the count of slots met. Scores from `-band` to `band` are neutral. A
    sentence above `clause` is a complaint, whatever stands around it.
    """

    def __init__(
        self,
        *,
        bits: int,
        quality_bits: int,
        scale: float,
        band: float,
        clause: float,
        quality_scale: float,
        quality_bias: float,
        han_biases: tuple[float, ...],
        latin_biases: tuple[float, ...],
    ) -> None:
        self.bits = bits
        self.quality_bits = quality_bits
        self.scale = scale
        self.band = band
        self.clause = clause
        self.quality_scale = quality_scale
        self.quality_bias = quality_bias
        self.han_biases = han_biases
        self.latin_biases = latin_biases


class Table:
    """A table ready for use: its head, the slots of the score, the slots of "quality".

    What follows the slots of the score in their bytes is nobody's slot.
    """

    __slots__ = ("head", "quality", "sentiment")

    def __init__(self, head: Head, sentiment: bytes, quality: bytes) -> None:
        self.head = head
        self.sentiment = sentiment
        self.quality = quality


def pack(head: Head, slots: bytes, quality_slots: bytes) -> bytes:
    """A table as it is stored. `slots` are bytes shifted by 128; equal input gives equal bytes."""
    numbers = [getattr(head, name) for name in _NUMBERS]
    end = _HEAD.pack(MAGIC, VERSION, *numbers, *head.han_biases, *head.latin_biases)
    return zlib.compress(slots + quality_slots + end, 9)


def unpack(stored: bytes) -> Table:
    """A table as it is used. Raises `BadInput` where it is none."""
    try:
        content = zlib.decompress(stored, bufsize=_EXPECTED_BYTES)
        magic, version, *numbers = _HEAD.unpack(content[-_HEAD.size :])
    except (zlib.error, struct.error) as exc:
        raise _refused("this is no table of the review classifier") from exc
    if magic != MAGIC or version != VERSION or numbers[0] != BITS:
        raise _refused("this is no table of this version of the review classifier; train it anew")
    head = Head(
        **dict(zip(_NUMBERS, numbers, strict=False)),
        han_biases=tuple(numbers[-2 * LENGTHS : -LENGTHS]),
        latin_biases=tuple(numbers[-LENGTHS:]),
    )
    slots, quality_slots = 1 << head.bits, 1 << head.quality_bits
    if len(content) != slots + quality_slots + _HEAD.size:
        raise _refused("the review classifier's table is cut off")
    return Table(head, content, content[slots : slots + quality_slots])


def _refused(reason: str) -> Exception:
    from aftersales.errors import BadInput

    return BadInput(reason)


_SHIPPED: list[Table] = []


def shipped() -> Table:
    """The table that ships with the function, read once per process."""
    if not _SHIPPED:
        _SHIPPED.append(unpack(shipped_bytes()))
    return _SHIPPED[0]


def shipped_bytes() -> bytes:
    """The shipped table as it is stored."""
    content: bytes = __spec__.loader.get_data(__file__.removesuffix("table.py") + FILE)  # type: ignore[union-attr]
    return content
