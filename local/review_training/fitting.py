"""The fit: naive-Bayes-weighted logistic regression over hashed n-grams, as bytes per slot.

A text is a row of ones at the slots of its n-grams, divided by the root of their count, times the
log ratio r of how often each slot is met in negative and in positive texts. One more column per
kind of letters and length of text takes up what these alone say.

Labels come from stars, and some are wrong. So each text also counts, a little, with the other
label: no fit can then be sure of a text, nor go far for the sake of a single one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from review_scanner.classifier.table import LENGTHS, ZERO
from review_scanner.classifier.text import BITS, Reading

if TYPE_CHECKING:
    import numpy as np

SHORTEST, LONGEST = 3, 10
"""Binary lengths of the count of n-grams that have a column of their own; others join these."""


class Recipe(NamedTuple):
    """What a fit can be asked to do differently; the defaults are the shipped table's.

    `regularisation` is scikit-learn's C; `smoothing` is added to each slot's counts; `evening` is
    the power of the ratios, below 1 it brings them nearer to each other; `doubt` is the share of
    labels taken to be wrong. A slot met in fewer than `rarest` texts is left out; the `kept` slots
    of most weight stay, in `levels` steps to each side of 0. `latin_weight`: what a text in Latin
    letters counts, as there are few.
    """

    bits: int = BITS
    regularisation: float = 0.6
    smoothing: float = 2.0
    evening: float = 0.7
    doubt: float = 0.05
    rarest: int = 3
    kept: int = 135_000
    levels: int = 40
    latin_weight: float = 2.0
    seed: int = 0


class Features(NamedTuple):
    """Texts as matrices: `grams` (row-normalised ones), `shape` (column of letters and length)."""

    grams: Any
    shape: Any


class Fitted(NamedTuple):
    """A fit: a byte per slot (shifted), what one step is worth, biases by binary length."""

    slots: bytes
    scale: float
    han_biases: tuple[float, ...]
    latin_biases: tuple[float, ...]


def shape_of(reading: Reading) -> int:
    """The column of a text's letters and length."""
    length = min(max(len(reading.slots).bit_length(), SHORTEST), LONGEST) - SHORTEST
    return length + (LONGEST - SHORTEST + 1) * reading.latin


def features(readings: Sequence[Reading], bits: int) -> Features:
    """Matrices of texts that were read."""
    import numpy as np
    from scipy import sparse

    last = (1 << bits) - 1
    rows = [np.unique(np.array([*one.slots], np.int32) & last) for one in readings]
    starts = np.cumsum([0, *map(len, rows)])
    ones = np.concatenate([np.full(len(row), 1 / max(len(row), 1) ** 0.5) for row in rows])
    grams = sparse.csr_matrix((ones, np.concatenate(rows), starts), (len(rows), 1 << bits))
    columns = [shape_of(reading) for reading in readings]
    shapes = sparse.csr_matrix(
        (np.ones(len(rows)), (np.arange(len(rows)), columns)),
        (len(rows), 2 * (LONGEST - SHORTEST + 1)),
    )
    return Features(grams, shapes)


def fit(data: Features, negative: np.ndarray, weight: np.ndarray, recipe: Recipe) -> Fitted:
    """Learn from texts. The same input gives the same bytes."""
    import numpy as np
    from scipy import sparse
    from sklearn.svm import LinearSVC
    from threadpoolctl import threadpool_limits

    met = np.bincount(data.grams.indices, minlength=data.grams.shape[1])
    columns = np.flatnonzero(met >= recipe.rarest)
    known = data.grams[:, columns]
    ones = known.astype(bool).astype(np.float64)
    against = ones.T @ (negative * weight) + recipe.smoothing
    in_favour = ones.T @ ((1 - negative) * weight) + recipe.smoothing
    ratio = np.log(against / against.sum()) - np.log(in_favour / in_favour.sum())
    ratio = np.sign(ratio) * np.abs(ratio) ** recipe.evening
    model = LinearSVC(
        C=recipe.regularisation, dual=False, tol=1e-2, random_state=recipe.seed, max_iter=1000
    )
    rows = sparse.hstack([known @ sparse.diags(ratio), data.shape]).tocsr()
    # Several threads add up in another order, and the fit would stop somewhere else.
    with threadpool_limits(limits=1):
        model.fit(*_doubted(rows, negative, weight, recipe.doubt))
    found = model.coef_.ravel()
    weights = np.zeros(data.grams.shape[1])
    weights[columns] = ratio * found[: len(columns)]
    slots, scale = in_bytes(weights, recipe)
    biases = (found[len(columns) :] + model.intercept_[0]).tolist()
    half = len(biases) // 2
    return Fitted(slots, scale, _by_length(biases[:half]), _by_length(biases[half:]))


def _doubted(
    rows: Any, negative: np.ndarray, weight: np.ndarray, doubt: float
) -> tuple[Any, np.ndarray, np.ndarray]:
    """Rows, labels and weights with each row twice, once with the other label and less weight."""
    import numpy as np
    from scipy import sparse

    if not doubt:
        return rows, negative, weight
    return (
        sparse.vstack([rows, rows]).tocsr(),
        np.concatenate([negative, 1 - negative]),
        np.concatenate([weight * (1 - doubt), weight * doubt]),
    )


def in_bytes(weights: np.ndarray, recipe: Recipe) -> tuple[bytes, float]:
    """The heaviest weights in steps, as shifted bytes, and what one step is worth."""
    import numpy as np

    heavy = np.sort(np.abs(weights[weights != 0]))[::-1][: recipe.kept]
    if not len(heavy):
        return bytes([ZERO]) * len(weights), 1.0
    # A few outliers would make every other weight small: they are cut off.
    scale = float(heavy[len(heavy) // 1000]) / recipe.levels
    steps = np.clip(np.rint(weights / scale), -127, 127)
    steps[np.abs(weights) < heavy[-1]] = 0
    return (steps + ZERO).astype(np.uint8).tobytes(), scale


def scores(fitted: Fitted, data: Features) -> np.ndarray:
    """The scores of texts by a fit, as prediction computes them."""
    import numpy as np

    steps = np.frombuffer(fitted.slots, np.uint8).astype(np.float64) - ZERO
    lengths = range(SHORTEST, LONGEST + 1)
    biases = [side[length] for side in fitted[2:] for length in lengths]
    found: np.ndarray = fitted.scale * (data.grams @ steps) + data.shape @ np.array(biases)
    return found


def folds(count: int, parts: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(rows to learn from, rows to judge) of each part of a shuffled whole."""
    import numpy as np

    part = np.random.RandomState(seed).permutation(count) % parts
    for number in range(parts):
        yield np.flatnonzero(part != number), np.flatnonzero(part == number)


def _by_length(biases: Sequence[float]) -> tuple[float, ...]:
    lengths = (min(max(length, SHORTEST), LONGEST) - SHORTEST for length in range(LENGTHS))
    return tuple(biases[length] for length in lengths)
