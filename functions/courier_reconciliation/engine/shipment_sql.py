"""The SELECTs that read a shipments file into the columns of its table.

Columns are read as what some rows show them to be: numbers, words, times. That is twice as fast as
reading texts, while all rows are so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from courier_reconciliation.engine.shipment_row import NUMBERS, REQUIRED, TIMES
from courier_reconciliation.engine.shipment_words import Spoken
from courier_reconciliation.engine.zones import local_day_sql
from courier_reconciliation.filling import enum, quoted
from courier_reconciliation.reading.sheet_sql import CELL_END

COLUMNS = (*REQUIRED, *NUMBERS, "order_id", "city", "service", "outcome", *TIMES)
YEARS = (2000, 2060)
BLANK = "''"
_TIME = "try_cast(left({}, 19) AS TIMESTAMP)"


class Form(Struct, frozen=True):
    """How a file is written: its column names, its delimiter, whether rows with too few cells are
    filled up (`padded`; then no cell has a line break). `zone` is that of times without one."""

    path: Path
    delimiter: str
    header: tuple[str, ...]
    zone: str
    padded: bool = True

    @property
    def at(self) -> dict[str, int]:
        """Name -> place of the columns that are known."""
        return {name: self.header.index(name) for name in COLUMNS if name in self.header}

    @property
    def times(self) -> tuple[str, ...]:
        """The further columns of times, where all of them are there."""
        return TIMES if all(name in self.header for name in TIMES) else ()

    def col(self, name: str) -> str:
        """What a column is called in the source, or NULL."""
        return f"c{self.header.index(name)}" if name in self.header else "NULL"


def source(form: Form, kinds: Mapping[str, str], forms: str = "") -> str:
    """What reads the file; columns that are not in `kinds` are read as text."""
    at = form.at
    of_column = {at[name]: kind for name, kind in kinds.items()}
    columns = ", ".join(
        f"'c{n}': {quoted(of_column.get(n, 'VARCHAR'))}" for n in range(len(form.header))
    )
    return (
        f"read_csv({quoted(form.path)}, columns = {{{columns}}}, auto_detect = false,"
        f" header = false, skip = 1, delim = '{form.delimiter}', quote = '\"', escape = '\"',"
        f" null_padding = {str(form.padded).lower()}, buffer_size = 8388608,"
        f" max_line_size = 4194304{forms})"
    )


def by_kinds(form: Form, spoken: Spoken) -> str:
    """A SELECT that fails where a number is none, a word is new, a time is written otherwise.

    A word is a number of an enum: its meaning is looked up in a list.
    """
    kinds = {name: "UINTEGER" for name in NUMBERS if name in form.at}
    meant, odd = {}, []
    for name, words in spoken.words.items():
        kinds[name] = enum(words or ("-",))
        meanings = ", ".join("NULL" if one is None else quoted(one) for one in words.values())
        named = enum(sorted({"", *filter(None, words.values())}))
        at = f"enum_code({form.col(name)})::INTEGER + 1"
        found = f"list_extract([{meanings or 'NULL'}]::{named}[], {at})"
        # A blank of the same type, or all of them would become texts.
        meant[name] = f"coalesce({found}, ''::{named})"
        needed = "" if name in REQUIRED else f" AND {form.col(name)} IS NOT NULL"
        odd.append(f"({found} IS NULL{needed})")
    cells = {n: f"c{n}" for n in range(len(form.header))}
    forms, shipped = "", form.col("shipped_at")
    if (time := spoken.time) is None:
        day = _day_of_text(form, "time", spoken)
        with_time = f"*, {_TIME.format(shipped)} AS time"
    else:
        kinds["shipped_at"] = time.kind
        which = "dateformat" if time.kind == "DATE" else "timestampformat"
        forms = f", {which} = {quoted(time.form)}"
        cells[form.at["shipped_at"]] = f"strftime({shipped}, {quoted(time.form)})"
        day = local_day_sql(shipped, time.offset, form.zone, *YEARS)
        with_time = "*"
    numbers = {name: f"{form.col(name)}::UINTEGER" for name in NUMBERS}
    dated = f"SELECT *, {day} AS day FROM (SELECT {with_time} FROM {source(form, kinds, forms)})"
    return _select(form, dated, numbers, meant, odd, cells)


def as_text(form: Form, spoken: Spoken) -> str:
    """A SELECT that reads anything: what it cannot make out, it leaves for a closer look.

    The table `ship_words` (field, said, means) has the words.
    """
    meant, odd, joins = {}, [], []
    for name in spoken.words:
        joins.append(
            f"LEFT JOIN ship_words AS w_{name} ON w_{name}.field = '{name}'"
            f" AND w_{name}.said = {form.col(name)}"
        )
        meant[name] = f"coalesce(w_{name}.means, '')"
        needed = "" if name in REQUIRED else f" AND {form.col(name)} IS NOT NULL"
        odd.append(f"(w_{name}.means IS NULL{needed})")
    numbers = {name: f"try_cast({form.col(name)} AS UINTEGER)" for name in NUMBERS}
    for name in NUMBERS:
        if name in form.at:
            odd.append(f"({form.col(name)} IS NOT NULL AND {numbers[name]} IS NULL)")
    time = _TIME.format(form.col("shipped_at"))
    dated = (
        f"SELECT *, {_day_of_text(form, 'time', spoken)} AS day FROM"
        f" (SELECT *, {time} AS time FROM {source(form, {})})"
    )
    cells = {n: f"c{n}" for n in range(len(form.header))}
    return f"{_select(form, dated, numbers, meant, odd, cells)} {' '.join(joins)}"


def _day_of_text(form: Form, time: str, spoken: Spoken) -> str:
    """The day where times are written in several ways; `time` is their first part."""
    shipped = form.col("shipped_at")
    by_offset: dict[int | None, list[str]] = {}
    for suffix, minutes in spoken.offsets.items():
        by_offset.setdefault(minutes, []).append(quoted(suffix))
    whens = "".join(
        f" WHEN substr({shipped}, 20) IN ({', '.join(suffixes)}) THEN"
        f" {local_day_sql(time, minutes, form.zone, *YEARS)}"
        for minutes, suffixes in by_offset.items()
    )
    return f"CASE WHEN length({shipped}) = 10 THEN {time}::DATE{whens} END"


def _select(  # noqa: PLR0917 - the parts of one SELECT
    form: Form,
    dated: str,
    numbers: Mapping[str, str],
    meant: Mapping[str, str],
    odd: Sequence[str],
    cells: Mapping[int, str],
) -> str:
    """The columns of the table; `raw` has the cells of a row in which something is `odd`."""
    waybill = form.col("waybill_number")
    all_odd = [
        *odd,
        f"({waybill} IS NULL OR NOT regexp_full_match({waybill}, '[A-Z0-9]{{5,50}}'))",
        "(day IS NULL)",
    ]
    sides = [f"nullif({numbers[name]}, 0)" for name in ("length_mm", "width_mm", "height_mm")]
    raw = f", chr({CELL_END}), ".join(cells.values())
    times = "".join(f", {form.col(name)} AS {name}" for name in form.times)

    def text(sql: str) -> str:
        return f"coalesce({sql}, '')"

    return (
        f"SELECT {waybill} AS waybill, {meant['courier']} AS courier,"
        f" day AS shipped_on, {text(form.col('order_id'))} AS order_id,"
        f" nullif({numbers['weight_g']}, 0) AS weight_g, {sides[0]} AS length_mm,"
        f" {sides[1]} AS width_mm, {sides[2]} AS height_mm,"
        f" {meant['province']} AS province, {text(form.col('city'))} AS city,"
        f" {meant.get('service', BLANK)} AS service,"
        f" {numbers['declared_value_minor']} AS declared_minor,"
        f" {numbers['cod_minor']} AS cod_minor,"
        f" greatest(coalesce({numbers['parcel_count']}, 1), 1) AS parcel_count,"
        f" {meant.get('outcome', BLANK)} AS outcome,"
        f" CASE WHEN {' OR '.join(all_odd)} THEN concat({raw}, '') END AS raw{times}"
        f" FROM ({dated})"
    )
