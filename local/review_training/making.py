"""Making a table: judge the recipe on held-out parts, set thresholds by them, fit on all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from aftersales.errors import BadInput, Misconfigured
from local.review_training import fitting
from local.review_training.fitting import Features, Fitted, Recipe
from local.review_training.rows import Chosen, Labelled, choose, quality_examples
from review_scanner.classifier.complaints import sentences_of
from review_scanner.classifier.grams import Measured
from review_scanner.classifier.table import LENGTHS, ZERO, Head, Table, pack
from review_scanner.classifier.text import read

if TYPE_CHECKING:
    import numpy as np

PARTS = 5
FEWEST_EXAMPLES = 100
BANDS = (0.15, 0.1, 0.05)
"""Widths of the neutral band, the widest first; what is neutral opens no case by its text."""
BAND_COSTS = 0.001
"""So much F1 of "negative" the neutral band may cost, at most."""
FALSE_ALARMS = 0.02
"""Share of good reviews in which a single sentence is taken for a complaint."""
NO_SENTENCE = -100.0
"""Stands for the score of a text without single sentences; lower than any."""
QUALITY = Recipe(
    bits=12, regularisation=1.0, smoothing=1.0, evening=1.0, doubt=0.0, kept=4000, levels=30
)
Step = Callable[[str, int, int], None]


class Made(NamedTuple):
    """A table as it is stored, and what is known of it: counts, parameters, metrics."""

    table: bytes
    provenance: dict[str, Any]


def check_installed() -> None:
    """Raises `Misconfigured` where scikit-learn is missing."""
    try:
        import sklearn  # noqa: F401
    except ImportError as exc:
        raise Misconfigured(
            "training needs scikit-learn, which is not installed.",
            what_to_do="Install the development packages: make test installs them, or run "
            ".venv/bin/python -m pip install --require-hashes --no-deps -r requirements/dev.txt",
        ) from exc


def make(rows: Sequence[Labelled], step: Step, recipe: Recipe | None = None) -> Made:
    """Train on labelled rows. `step` is told what is done. Raises `BadInput`, `Misconfigured`."""
    check_installed()
    import numpy as np

    recipe = recipe or Recipe()
    chosen = choose(rows)
    negative = np.array([example.negative for example in chosen.examples], np.float64)
    if min(negative.sum(), (1 - negative).sum()) < FEWEST_EXAMPLES:
        raise BadInput(
            f"{int(negative.sum())} negative and {int((1 - negative).sum())} positive texts are too"
            f" few; {FEWEST_EXAMPLES} of each are needed. Labels are: negative, positive"
        )
    step("reading", 0, PARTS + 2)
    readings = [read(example.text) for example in chosen.examples]
    data = fitting.features(readings, recipe.bits)
    latin = np.array([reading.latin for reading in readings])
    weight = np.array([example.weight for example in chosen.examples])
    weight = weight * np.where(latin, recipe.latin_weight, 1.0)

    held_out = np.zeros(len(negative))
    sentences = np.full(len(negative), NO_SENTENCE)
    for number, (learn, judge) in enumerate(fitting.folds(len(negative), PARTS, recipe.seed)):
        step("trying out", number + 1, PARTS + 2)
        tried = fitting.fit(part_of(data, learn), negative[learn], weight[learn], recipe)
        held_out[judge] = fitting.scores(tried, part_of(data, judge))
        table = _table(tried)
        for row in judge:
            if not negative[row] and held_out[row] < 0:
                worst = max(
                    sentences_of(Measured(readings[row].text), table), default=(NO_SENTENCE, "")
                )
                sentences[row] = worst[0]
    shift_han = best_threshold(held_out[~latin], negative[~latin], both=False)
    shift_latin = best_threshold(held_out[latin], negative[latin], both=True)
    shifted = held_out - np.where(latin, shift_latin, shift_han)
    slope = _slope(shifted, negative)
    shifted = shifted * slope
    band = _band(shifted, negative)
    quiet = sentences[(negative == 0) & (shifted < -band)]
    clause = slope * float(np.quantile(quiet, 1 - FALSE_ALARMS)) if len(quiet) else 10.0

    step("fitting", PARTS + 1, PARTS + 2)
    final = fitting.fit(data, negative, weight, recipe)
    quality = _quality(rows)
    head = Head(
        bits=recipe.bits,
        quality_bits=QUALITY.bits,
        scale=final.scale * slope,
        band=band,
        clause=max(clause, band),
        quality_scale=quality.scale,
        quality_bias=quality.han_biases[5],
        han_biases=tuple(slope * (bias - shift_han) for bias in final.han_biases),
        latin_biases=tuple(slope * (bias - shift_latin) for bias in final.latin_biases),
    )
    stored = pack(head, final.slots, quality.slots)
    step("done", PARTS + 2, PARTS + 2)
    known = _provenance(
        chosen,
        stored=stored,
        final=final,
        head=head,
        held_out=shifted,
        negative=negative,
        latin=latin,
        recipe=recipe,
    )
    return Made(stored, known)


def f1(negative: np.ndarray, said: np.ndarray) -> float:
    """F1 of the class that is 1 in `negative`."""
    hits = float(((negative == 1) & (said == 1)).sum())
    return 2 * hits / max(1.0, float((negative == 1).sum() + (said == 1).sum()))


def part_of(data: Features, rows: np.ndarray) -> Features:
    return Features(data.grams[rows], data.shape[rows])


def _table(fitted: Fitted) -> Table:
    head = Head(
        bits=0,
        quality_bits=0,
        scale=fitted.scale,
        band=0.0,
        clause=0.0,
        quality_scale=1.0,
        quality_bias=0.0,
        han_biases=fitted.han_biases,
        latin_biases=fitted.latin_biases,
    )
    return Table(head, fitted.slots, b"")


def best_threshold(found: np.ndarray, negative: np.ndarray, *, both: bool) -> float:
    """The threshold with the best F1 of "negative"; 0 where one class is missing.

    `both`: the best mean of the F1 of both classes, where one of them is rare.
    """
    import numpy as np

    if not 0 < negative.sum() < len(negative):
        return 0.0
    grid = np.linspace(-0.6, 0.6, 49)
    worth = [
        f1(negative, found > at) + both * f1(1 - negative, found <= at) - abs(at) * 1e-6
        for at in grid
    ]
    # The middle of the best few: a single best one follows chance.
    best = np.argsort(worth)[::-1][:7]
    return round(float(np.mean(grid[best])), 4)


def _slope(found: np.ndarray, negative: np.ndarray) -> float:
    """What scores are multiplied by to be log-odds: the slope of a logistic curve through 0."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1e6, fit_intercept=False)
    model.fit(found.reshape(-1, 1), negative)
    return round(max(float(model.coef_[0][0]), 0.1), 4)


def _band(found: np.ndarray, negative: np.ndarray) -> float:
    """The widest neutral band that costs next to nothing of the F1 of "negative"."""
    whole = f1(negative, found > 0)
    for band in BANDS:
        if f1(negative, found > band) >= whole - BAND_COSTS:
            return band
    return BANDS[-1]


def _quality(rows: Sequence[Labelled]) -> Fitted:
    """What is learned of the topic quality; nothing where no row is labelled with topics."""
    import numpy as np

    examples = quality_examples(rows)
    about = np.array([speaks for _, speaks in examples], np.float64)
    if not examples or not 0 < about.sum() < len(about):
        never = (-1.0,) * LENGTHS
        return Fitted(bytes([ZERO]) * (1 << QUALITY.bits), 1.0, never, never)
    data = fitting.features([read(text) for text, _ in examples], QUALITY.bits)
    no_shape = Features(data.grams, data.shape * 0)
    return fitting.fit(no_shape, about, np.ones(len(about)), QUALITY)


def _provenance(
    chosen: Chosen,
    *,
    stored: bytes,
    final: Fitted,
    head: Head,
    held_out: np.ndarray,
    negative: np.ndarray,
    latin: np.ndarray,
    recipe: Recipe,
) -> dict[str, Any]:
    import hashlib

    import numpy as np
    import scipy
    import sklearn

    sources = np.array([example.source for example in chosen.examples])
    groups = {
        "all": np.ones(len(sources), bool),
        "in Chinese characters": ~latin,
        "in Latin letters": latin,
        **{source: sources == source for source in sorted(set(sources)) if source},
    }
    return {
        "table_sha256": hashlib.sha256(stored).hexdigest(),
        "table_bytes": len(stored),
        "examples": len(negative),
        "negative": int(negative.sum()),
        "left_out": dict(sorted(chosen.left_out.items())),
        "slots_used": len(final.slots) - final.slots.count(ZERO),
        "recipe": recipe._asdict(),
        "band": round(head.band, 4),
        "clause": round(head.clause, 4),
        "libraries": {
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "parts": PARTS,
        "held_out": {
            name: {
                "texts": int(rows.sum()),
                "f1_negative": round(f1(negative[rows], held_out[rows] > 0), 4),
                "f1_positive": round(f1(1 - negative[rows], held_out[rows] <= 0), 4),
                "f1_negative_outside_band": round(
                    f1(negative[rows], held_out[rows] > head.band), 4
                ),
            }
            for name, rows in groups.items()
        },
    }
