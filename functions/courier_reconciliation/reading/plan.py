"""What is read from which column of one sheet, in which units."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from courier_reconciliation.model import TOTAL

AMOUNTS = (
    "amount", "freight", "first_weight_price", "step_weight_price", "tax", "discount", "prepaid",
)  # fmt: skip
TEXTS = ("order_id", "service", "city", "remark")


class Plan(Struct, frozen=True):
    """How the rows of one sheet become lines.

    `columns`: field -> column index. `surcharges`: (index, charge code); `unsure`: columns that are
    counted as surcharges only if the amounts then add up. `charge` is that of every row, unless a
    column says it row by row; `classes` (column, value -> charge) go before that. Rows with one of
    the values `left_out` (column, values) are none; those of `returns` are returned parcels.
    `unit_columns` state the unit of a weight row by row, `pairs` the name and the amount of further
    charges. `invoice` (number, amount) repeats an invoice's total on each of its rows,
    `invoice_rows` (column, value) are rows that hold one. `waybill_else` stands in for an empty
    waybill. `leaves_unsaid`: a currency that a cell does not name stays "". `fills_down`: a row
    with a charge and no waybill is of the parcel above it. `spoken` are texts that the columns of
    places, charges, couriers and currencies have, by field, as far as was seen.
    """

    columns: Mapping[str, int]
    layout: str = ""
    courier: str = ""
    currency: str = "CNY"
    leaves_unsaid: bool = False
    decimals: int = 2
    charge: str = TOTAL
    surcharges: tuple[tuple[int, str], ...] = ()
    unsure: tuple[tuple[int, str], ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    comma: bool = False
    day_first: bool = True
    days_later: int = 0
    period: str = ""
    names: tuple[str, ...] = ()
    unit_columns: Mapping[str, int] = field(default_factory=dict)
    classes: tuple[int, Mapping[str, str]] | None = None
    left_out: tuple[int, tuple[str, ...]] | None = None
    returns: tuple[int, tuple[str, ...]] | None = None
    waybill_else: int | None = None
    pairs: tuple[tuple[int, int], ...] = ()
    invoice: tuple[int, int] | None = None
    invoice_rows: tuple[int, str] | None = None
    fills_down: bool = False
    spoken: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def unit(self, name: str) -> str:
        """The unit of a weight or length column: stated, else kg and cm."""
        return self.units.get(name, "kg" if name in ("weight", "actual") else "cm")

    @property
    def unsaid_currency(self) -> str:
        """What the currency of a row is whose cell names none."""
        return "" if self.leaves_unsaid else self.currency

    @property
    def extras(self) -> tuple[tuple[int, str], ...]:
        """All columns of surcharges, the sure ones first."""
        return self.surcharges + self.unsure

    @property
    def filled_down(self) -> frozenset[int]:
        """Columns in which a cell merged over several rows counts for all of them: not money."""
        money = {index for index, _ in self.extras}
        money |= {index for name, index in self.columns.items() if name in AMOUNTS}
        return frozenset(self.columns.values()) - money

    @property
    def has_parts(self) -> bool:
        """Whether a row states its freight apart from something else."""
        named = {"freight", "first_weight_price"} & self.columns.keys()
        return bool(named) and ("amount" in self.columns or bool(self.extras))
