"""What a table was made of, as facts for machines and as a part of a Markdown page."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from local.review_training.rows import Labelled

BEGIN = "<!-- begin: written by aftersales reviews train -->"
END = "<!-- end: written by aftersales reviews train -->"


def described(
    files: Sequence[tuple[str, bytes]],
    rows: Sequence[Labelled],
    known: dict[str, Any],
    *,
    rejected: int,
) -> dict[str, Any]:
    """All facts: the files with their hashes, counts of their rows, what is `known` of the fit."""
    counted = Counter(row.source or "(no source)" for row in rows)
    return {
        "files": [
            {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in files
        ],
        "rows": len(rows),
        "rejected_rows": rejected,
        "rows_by_source": dict(sorted(counted.items())),
        **known,
    }


def write_page(page: Path, facts: dict[str, Any]) -> None:
    """Put the facts between the marks of a page; a page without marks gets them at its end."""
    text = page.read_text("utf-8") if page.exists() else "# Provenance\n"
    if BEGIN not in text or END not in text:
        text = f"{text.rstrip()}\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{as_markdown(facts)}{END}{after}", "utf-8")


def as_markdown(facts: dict[str, Any]) -> str:
    """The facts as Markdown."""
    lines = [
        "",
        *(
            f"- Made from `{one['name']}`, {one['bytes']} bytes, SHA-256 `{one['sha256']}`."
            for one in facts["files"]
        ),
        f"- The table: {facts['table_bytes']} bytes, SHA-256 `{facts['table_sha256']}`,"
        f" {facts['slots_used']} slots with a weight.",
        f"- {facts['rows']} rows were read, {facts['rejected_rows']} could not be;"
        f" {facts['examples']} texts were learnt from, {facts['negative']} of them negative.",
        *(f"- Left out: {count}, {why}." for why, count in facts["left_out"].items()),
        "- Parameters: "
        + ", ".join(f"{name} {value}" for name, value in facts["recipe"].items())
        + f"; neutral from -{facts['band']} to {facts['band']},"
        + f" a sentence above {facts['clause']} is a complaint.",
        "- Libraries: "
        + ", ".join(f"{name} {version}" for name, version in facts["libraries"].items())
        + ".",
        "",
        f"F1 on held-out texts, in {facts['parts']} parts, each judged by a fit without it; a text"
        " that is there twice is in one part. Thresholds were set on these same scores.",
        "",
        "| texts | count | F1 negative | F1 positive | F1 negative, neutral taken as not |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {one['texts']} | {one['f1_negative']:.4f} | {one['f1_positive']:.4f}"
            f" | {one['f1_negative_outside_band']:.4f} |"
            for name, one in facts["held_out"].items()
        ),
        "",
    ]
    return "\n".join(lines) + "\n"
