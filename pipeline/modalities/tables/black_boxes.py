"""Functions to be maximised from poor designs alone: tables of their worse half, and the means to score any design."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.modalities.tables import Table

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class BlackBox(Table):
    """Its module has `value(designs)`, the function itself: (N, F) float64 -> (N,) float64.

    Training rows are of the worse half of a pool of designs, test rows of its better half.
    """

    best: float = 0.0
    """The greatest value that a design can have."""
    low: float = 0.0
    high: float = 1.0
    """Between which every column lies."""
    letters: int = 0
    """Where designs are sequences, the columns of a place, of which one is 1 and the others are 0; else 0."""

    def feasible(self, rows: "np.ndarray") -> "np.ndarray":
        """The designs (N, F) that rows stand for: the nearest in the box, or of each place its greatest column."""
        import numpy as np

        if not self.letters:
            return rows.clip(self.low, self.high)
        places = rows.reshape(len(rows), -1, self.letters)
        return np.eye(self.letters)[places.argmax(2)].reshape(rows.shape)


def formula(key: str, title: str, page: str, dimensions: int, best: float, low: float, high: float) -> BlackBox:
    """A function on a box whose middle is not where it is greatest. page: where its formula is."""
    return BlackBox(
        key=key,
        title=f"{title}, {dimensions} dimensions",
        source=f"drawn here; {page} has the function",
        licence="none needed: a formula",
        shape=(dimensions,),
        classes=(),
        target="value (no unit)",
        train_examples=2200,
        test_examples=500,
        columns=tuple(f"coordinate {number}" for number in range(1, dimensions + 1)),
        pins={},
        best=best,
        low=low,
        high=high,
    )


def drawn(about: BlackBox, value: "Callable[[np.ndarray], np.ndarray]") -> "dict[str, np.ndarray]":
    """The arrays of a data set whose pool is drawn from the box."""
    pool = uniform(about)
    return halves(about, pool, value(pool.astype(float)))


def uniform(about: BlackBox) -> "np.ndarray":
    """A pool of designs drawn alike in the box, twice as many as the set shall have, float32."""
    import numpy as np

    draws = np.random.RandomState(0).uniform(about.low, about.high, (2 * about.train_examples, *about.shape))
    return draws.astype(np.float32)


def halves(about: BlackBox, pool: "np.ndarray", values: "np.ndarray") -> "dict[str, np.ndarray]":
    """The arrays of a data set: rows drawn from the pool (N, F), those for training from its worse half by values."""
    import numpy as np

    ranked, draws = values.argsort(kind="stable"), np.random.RandomState(1)
    half = len(ranked) // 2
    chosen = {
        "train": draws.permutation(ranked[:half])[: about.train_examples],
        "test": draws.permutation(ranked[half:])[: about.test_examples],
    }
    rows = {f"{split}_rows": pool[places].astype(np.float32) for split, places in chosen.items()}
    return rows | {f"{split}_labels": values[places].astype(np.float32) for split, places in chosen.items()}
