"""What the reconciliation is measured against, one process each; prints one JSON object.

    python -m benchmarks.bill_peers polars|engine|pandas|datacompy|ours BILL SHIPMENTS RATES

`polars` scans both files, joins them and sums: the least that anything must do. `engine` is what
our own database takes to have both files in tables, unchecked, to join and to sum. `pandas` and
`datacompy` do the same work as ours as far as it goes without naming causes: clean the waybill
numbers, price each shipment by the card, outer merge, compare amounts in integers.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import Any


def polars(bill: str, shipments: str, _rates: str) -> dict[str, Any]:
    """The bare scan, join and sum."""
    import polars as pl

    billed = pl.scan_csv(bill, schema_overrides={"运单号": pl.String})
    shipped = pl.scan_csv(shipments, schema_overrides={"waybill_number": pl.String})
    joined = billed.join(shipped, left_on="运单号", right_on="waybill_number")
    summed = joined.select(pl.len(), pl.col("应收金额").sum(), pl.col("weight_g").sum()).collect()
    return {"rows": summed.row(0)[0]}


def engine(bill: str, shipments: str, _rates: str) -> dict[str, Any]:
    """Both files as they are into tables of the database that ours uses, joined and summed."""
    import duckdb

    billed = {"waybill": "VARCHAR", "day": "DATE", "kg": "DECIMAL(13,3)", "province": "VARCHAR",
              "freight": "DECIMAL(15,2)", "amount": "DECIMAL(15,2)"}  # fmt: skip
    numbers = ("weight_g", "length_mm", "width_mm", "height_mm", "declared", "cod", "parcels")
    texts = ("waybill", "courier", "shipped_at", "order_id", "province", "city", "service")
    shipped = dict.fromkeys(
        (*texts[:4], *numbers[:4], *texts[4:], *numbers[4:], "outcome"), "VARCHAR"
    ) | dict.fromkeys(numbers, "UINTEGER")
    connection = duckdb.connect(config={"threads": 2})
    for name, path, columns in (("b", bill, billed), ("s", shipments, shipped)):
        connection.execute(
            f"CREATE TABLE {name} AS SELECT * FROM read_csv('{path}', columns = {columns},"
            " auto_detect = false, header = true)"
        )
    found = connection.execute(
        "SELECT count(*), sum(b.amount), sum(s.weight_g) FROM b JOIN s USING (waybill)"
    ).fetchone()
    return {"rows": found[0] if found else 0}


def _frames(bill: str, shipments: str, rates: str) -> tuple[Any, Any]:
    import numpy as np
    import pandas as pd

    billed = pd.read_csv(bill, dtype=str)
    billed["waybill"] = (
        billed["运单号"].str.normalize("NFKC").str.replace(r"[\s'-]", "", regex=True).str.upper()
    )
    billed["province"] = billed["目的省份"].str.replace(r"(省|市|自治区)$", "", regex=True)
    billed["amount"] = (pd.to_numeric(billed["应收金额"]) * 100).round().astype("int64")
    billed["billed_on"] = pd.to_datetime(billed["业务时间"])
    shipped = pd.read_csv(shipments, dtype={"waybill_number": str})
    shipped["waybill"] = (
        shipped["waybill_number"]
        .str.normalize("NFKC")
        .str.replace(r"[\s'-]", "", regex=True)
        .str.upper()
    )
    shipped["shipped_on"] = pd.to_datetime(shipped["shipped_at"]).dt.tz_convert("Asia/Shanghai")
    card = pd.read_csv(rates)
    card = card[card["surcharge_code"].isna()]
    card = card.assign(province=card["provinces"].str.split("|")).explode("province")
    merged = shipped.merge(card, on=["courier", "province"], how="left", suffixes=("", "_card"))
    volume = merged["length_mm"] * merged["width_mm"] * merged["height_mm"]
    grams = np.maximum(merged["weight_g"], -(-volume // merged["volumetric_divisor"]))
    rounded = -(-grams // 1000) * 1000
    over = np.maximum(rounded - merged["base_weight_g"], 0)
    steps = -(-over // merged["step_weight_g"])
    merged["expected"] = merged["base_price_minor"] + steps * merged["step_price_minor"]
    return billed, merged


def pandas(bill: str, shipments: str, rates: str) -> dict[str, Any]:
    """A plain merge."""
    billed, priced = _frames(bill, shipments, rates)
    billed["twice"] = billed.duplicated(["waybill", "amount"])
    merged = billed.merge(priced, on="waybill", how="outer", indicator=True)
    lost = merged["outcome"].isin(["lost", "damaged", "cancelled", "never_moved"])
    wrong = (merged["_merge"] != "both") | lost | (merged["amount"] != merged["expected"])
    found = merged[wrong | merged["twice"].fillna(value=False).astype(bool)]
    return {"rows": len(merged), "found": len(found), "billed": int(merged["amount"].sum())}


def datacompy(bill: str, shipments: str, rates: str) -> dict[str, Any]:
    """The same through datacompy's comparison of two frames."""
    from datacompy import PandasCompare

    billed, priced = _frames(bill, shipments, rates)
    left = billed[["waybill", "amount"]]
    right = priced[["waybill", "expected"]].rename(columns={"expected": "amount"})
    compared = PandasCompare(left, right, join_columns="waybill")
    different = len(compared.all_mismatch())
    return {
        "found": different + len(compared.df1_unq_rows) + len(compared.df2_unq_rows),
        "rows": int(compared.intersect_rows.shape[0]),
    }


def ours(bill: str, shipments: str, rates: str) -> dict[str, Any]:
    """The very command, its JSON thrown away."""
    import contextlib
    import io

    from local.cli import aftersales

    captured = io.BytesIO()
    with contextlib.redirect_stdout(io.TextIOWrapper(captured, "utf-8")) as stream:
        arguments = ["reconcile", bill, "--shipments", shipments, "--rates", rates, "--json"]
        aftersales(arguments, standalone_mode=False)
        stream.flush()
        return {"answer": captured.getvalue()}


PEERS = {"polars": polars, "engine": engine, "pandas": pandas, "datacompy": datacompy, "ours": ours}


def main() -> None:
    name, bill, shipments, rates = sys.argv[1:5]
    started = time.perf_counter()
    answer = PEERS[name](bill, shipments, rates)
    seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    if "answer" in answer:
        # To read our own answer again is no part of the work.
        told = json.loads(answer["answer"])
        answer = {"rows": told["lines"], "found": len(told["discrepancies"])}
    print(
        json.dumps(
            {
                "seconds": round(seconds, 3),
                "cpu_seconds": round(used.ru_utime + used.ru_stime, 3),
                "peak_mb": round(used.ru_maxrss / 1024),
                **answer,
            }
        )
    )


if __name__ == "__main__":
    main()
