"""What is too small to be a difference."""

from __future__ import annotations

from msgspec import Struct


class Tolerances(Struct, frozen=True):
    """Limits below which bill and contract agree; defaults of the courier bills reference.

    A weight may differ by `light_g` or `percent`, whichever is more, below `light_below_g`, and by
    `heavy_g` or `percent` from there. `floor_minor` and `floor_g` are materiality: smaller
    differences of money, or of weight above one's own, are not reported.
    """

    amount_minor: int = 1
    light_g: int = 50
    heavy_g: int = 100
    light_below_g: int = 3000
    percent: int = 3
    floor_minor: int = 1
    floor_g: int = 0

    def weight_g(self, own_g: int) -> int:
        """How far a billed weight may lie above this one."""
        least = self.light_g if own_g < self.light_below_g else self.heavy_g
        return max(least, own_g * self.percent // 100, self.floor_g)


DEFAULT = Tolerances()
