"""What the other rows of a bill do, where that tells a mistake from a habit."""

from __future__ import annotations

from msgspec import Struct


class Usual(Struct, frozen=True):
    """The habits of one bill file; None where it has none, or nobody can tell.

    `weight_step_g` is what nearly all of its weights are multiples of: 1000, 500, 100, or 0 for
    none of these. `scale_differs`: weights that are rounded to nothing mostly are not one's own.
    `names_provinces`: most rows name one, and the courier bills by it. `discount_e4` and `tax_e4`
    (percent times ten thousand) are what most rows have.
    """

    weight_step_g: int | None = None
    scale_differs: bool = False
    discount_e4: int | None = None
    tax_e4: int | None = None
    names_provinces: bool = False


UNKNOWN = Usual()
