"""Intervals by a bootstrap of two levels: seeds are resampled, and test examples are.

All methods share the seeds (data order, augmentation, initial encoder) and the test set. One resample of the
examples therefore serves all seeds and methods, one resample of the seeds serves all methods, and a difference
is as precise as its pairs. Everything is a contrast: a weighted sum of cells, taken on the seeds that all have.

A plain bootstrap of few seeds is far too narrow: with three, a percentile interval is at most the range. The
deviation that resampled seeds cause is therefore widened by t(S-1)/z x sqrt(S/(S-1)), so that with examples
fixed the interval has the width of Student's. It is the deviation of the seeds' observed numbers, which no draw of
examples enters: seeds share the examples' noise, and it must be counted once, not widened. What an example does in
one seed only is in the observed numbers as well as in the examples' draws, so that where it is most of the noise
intervals are somewhat wide. `benchmarks/coverage.py` simulates how often they hold the truth.
"""

import math
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np

from pipeline.files import digest
from pipeline.seeds import derive

B = 2000
LEVEL = 0.95
_CHUNK = 200


@dataclass(frozen=True)
class Estimate:
    """`low` and `high` are None where nothing could be resampled; `levels` says what was."""

    mean: float
    low: float | None
    high: float | None
    n_seeds: int
    levels: str | None

    @property
    def sign(self) -> int:
        """1 or -1 where the interval lies on one side of zero, else 0."""
        if self.low is None or self.high is None:
            return 0
        return int(self.low > 0) - int(self.high < 0)

    def less(self, amount: float) -> "Estimate":
        """The same less a number."""
        low, high = (None if end is None else _settled(end - amount) for end in (self.low, self.high))
        return replace(self, mean=self.mean - amount, low=low, high=high)


@dataclass
class Sample:
    """One metric of one cell.

    values: seed -> number; examples: seed -> (N,) values whose mean that number is. redrawn: of a metric that is no
    mean, seed -> what makes its (B,) values over resampled examples. key: what the numbers are, in a word; empty where
    nobody says. known: estimates that were computed before, by the keys of what they are of.
    """

    values: Mapping[int, float]
    examples: Mapping[int, np.ndarray] = field(default_factory=dict)
    redrawn: Mapping[int, Callable[[], np.ndarray]] = field(default_factory=dict)
    group: "Callable[[], Iterable[Sample]]" = field(default=tuple, repr=False, compare=False)
    """Yields samples to resample along with this one, itself among them: many together cost little more than one."""
    key: str = ""
    known: "MutableMapping[str, Estimate | None]" = field(default_factory=dict, repr=False, compare=False)
    stated: Estimate | None = None
    """The mean and its interval, where they are published and nothing is there to compute them from."""
    share: bool = False
    """Whether the values by example say whether something is so: 1 or 0."""
    _rows: np.ndarray | None = field(default=None, init=False, repr=False, compare=False)
    _over: dict[tuple[int, ...], np.ndarray] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def by_example(self) -> bool:
        """Whether examples can be resampled at every seed, and of a mean the same ones."""
        return self._has_means or (bool(self.values) and self.values.keys() <= self.redrawn.keys())

    @cached_property
    def _has_means(self) -> bool:
        sizes = {self.examples[seed].shape for seed in self.values if seed in self.examples}
        return len(sizes) == 1 and self.values.keys() <= self.examples.keys()

    @cached_property
    def replicates(self) -> dict[int, np.ndarray]:
        """seed -> (B,) values over resampled examples; constant where none can be resampled."""
        if not self.by_example:
            return {seed: np.full(B, value) for seed, value in self.values.items()}
        if not self._has_means:
            return {seed: _about(value, self.redrawn[seed]()) for seed, value in self.values.items()}
        if self._rows is None:
            together = [other for other in self.group() if other._has_means and other._size == self._size] or [self]
            rows = resampled_means(np.stack([other.examples[seed] for other in together for seed in other.values]))
            for other in together:
                other._rows, rows = rows[: len(other.values)], rows[len(other.values) :]
        assert self._rows is not None
        # example values are stored in single precision: centre on the reported number
        return {
            seed: row - float(np.mean(self.examples[seed], dtype=np.float64)) + self.values[seed]
            for seed, row in zip(self.values, self._rows, strict=True)
        }

    def over(self, seeds: tuple[int, ...]) -> np.ndarray:
        """(B,) means of the replicates over some seeds."""
        if seeds not in self._over:
            self._over[seeds] = np.mean([self.replicates[seed] for seed in seeds], axis=0)
        return self._over[seeds]

    @property
    def _size(self) -> int:
        return len(self.examples[next(iter(self.values))])


def _about(value: float, row: np.ndarray) -> np.ndarray:
    """Replicates (B,) of a metric that is no mean, less their bias; those that have no value have the reported one."""
    found = np.where(np.isfinite(row), row, value)
    return found - found.mean() + value


@lru_cache(maxsize=8)
def example_counts(size: int, side: str = "examples") -> np.ndarray:
    """(size, B) uint8: how often each example is drawn in each replicate; the same for whoever asks."""
    random = np.random.default_rng(derive("bootstrap", side, size))
    counts = np.empty((size, B), dtype=np.uint8)
    for first in range(0, B, _CHUNK):
        rows = min(_CHUNK, B - first)
        drawn = random.integers(0, size, size=(rows, size)) + np.arange(rows)[:, None] * size
        counts[:, first : first + rows] = np.bincount(drawn.ravel(), minlength=rows * size).reshape(rows, size).T
    return counts


@lru_cache(maxsize=16)
def seed_counts(seeds: int) -> np.ndarray:
    """(B, seeds): how often each seed is drawn in each replicate."""
    return np.random.default_rng(derive("bootstrap", "seeds", seeds)).multinomial(seeds, [1 / seeds] * seeds, size=B)


def resampled_means(values: np.ndarray) -> np.ndarray:
    """(R, N) values -> (R, B) means over the resampled examples."""
    counts, rows = example_counts(values.shape[1]), values.astype(np.float64)
    parts = [rows @ counts[:, first : first + _CHUNK].astype(np.float64) for first in range(0, B, _CHUNK)]
    return np.concatenate(parts, axis=1) / values.shape[1]


def redraw(compute: Callable[[Callable[[str, int], np.ndarray]], Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Name -> (B,) of what `compute` makes of draws of examples, some of the B at a time."""

    def part(first: int) -> Mapping[str, np.ndarray]:
        return compute(lambda side, size: example_counts(size, side)[:, first : first + _CHUNK])

    parts = [part(first) for first in range(0, B, _CHUNK)]
    return {name: np.concatenate([each[name] for each in parts]) for name in parts[0]}


@lru_cache(maxsize=16)
def widening(seeds: int) -> float:
    """By how much the deviations of `seeds` resampled seeds are too small for a 95% interval; 1 for many."""
    from scipy import stats

    tail = (1 + LEVEL) / 2
    return float(stats.t.ppf(tail, seeds - 1) / stats.norm.ppf(tail) * np.sqrt(seeds / (seeds - 1)))


def contrast(terms: Sequence[tuple[float, Sample]]) -> Estimate | None:
    """The mean over common seeds of the weighted sum of `terms`, with its interval; None without a common seed."""
    if not all(sample.key for _, sample in terms):
        return _contrast(terms)
    key, known = digest([[weight, sample.key] for weight, sample in terms]), terms[0][1].known
    if key not in known:
        known[key] = _contrast(terms)
    return known[key]


def _contrast(terms: Sequence[tuple[float, Sample]]) -> Estimate | None:
    common = sorted(set.intersection(*(set(sample.values) for _, sample in terms)))
    if not common:
        return None
    if len(terms) == len(common) == 1 and (found := _share(*terms[0], common[0])):
        return found
    means = [sum(weight * sample.values[seed] for weight, sample in terms) for seed in common]
    mean = float(np.mean(means))
    by_example = all(sample.by_example for _, sample in terms)
    if len(common) == 1 and not by_example:
        return Estimate(mean, None, None, 1, None)
    samples = terms if by_example else [(weight, Sample(sample.values)) for weight, sample in terms]
    draws = sum((weight * sample.over(tuple(common)) for weight, sample in samples), start=np.zeros(B))
    levels = "examples"
    if len(common) > 1:
        levels = "seeds and examples" if by_example else "seeds"
        share = seed_counts(len(common)) / len(common)
        draws = draws + widening(len(common)) * (share - 1 / len(common)) @ np.array(means)
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    # sums in another order differ in the last bits: whether zero is inside must not depend on them
    return Estimate(mean, _settled(low), _settled(high), len(common), levels)


def _share(weight: float, sample: Sample, seed: int) -> Estimate | None:
    """Of one cell and one seed that measure a share by example, that share with the exact interval of Clopper and
    Pearson, since a bootstrap of values that are all alike has no spread, however few they are. None of others."""
    from scipy import stats

    examples = sample.examples.get(seed) if sample.share and sample._has_means else None
    if examples is None or not np.isin(examples, (0, 1)).all():
        return None
    ends = stats.binomtest(int(examples.sum()), len(examples)).proportion_ci(LEVEL)
    low, high = sorted((weight * ends.low, weight * ends.high))
    return Estimate(weight * sample.values[seed], _settled(low), _settled(high), 1, "examples")


def _settled(value: float) -> float:
    return round(float(value), 9) + 0.0


def mean(sample: Sample, bounds: tuple[float, float] = (-math.inf, math.inf)) -> Estimate | None:
    """A cell's mean over its seeds. The interval ends where the metric's range does, which widening ignores."""
    if sample.stated is not None:
        return sample.stated
    found = contrast([(1.0, sample)])
    if found is None or found.low is None or found.high is None:
        return found
    return replace(found, low=max(found.low, bounds[0]), high=min(found.high, bounds[1]))


def difference(sample: Sample, other: Sample) -> Estimate | None:
    """`sample` minus `other`, paired by seed and example."""
    return contrast([(1.0, sample), (-1.0, other)])


def p_value(found: Estimate) -> float:
    """How unlikely so large an estimate is where the truth is zero: two-sided, by Student's t through the end of the
    interval that is nearer to zero, so that it is below 1 - LEVEL exactly where the interval excludes zero.

    The normal distribution where one seed is all there is.
    """
    from scipy import stats

    if found.low is None or found.high is None:
        return 1.0
    half = found.mean - found.low if found.mean > 0 else found.high - found.mean
    if half <= 0:
        return 0.0 if found.mean else 1.0
    spread = stats.t(found.n_seeds - 1) if found.n_seeds > 1 else stats.norm
    value = float(min(1.0, 2 * spread.sf(abs(found.mean) / half * spread.ppf((1 + LEVEL) / 2))))
    # an interval that ends at zero includes it, whatever the last bits say
    return value if found.sign else max(value, 1 - LEVEL)


def equivalence(found: Estimate, within: float) -> str:
    """Whether an estimate of a deviation is of one that lies within plus and minus `within`: `supported` where its
    whole interval does, `contradicted` where that lies outside, else `inconclusive`."""
    if found.low is None or found.high is None:
        return "inconclusive"
    if -within <= found.low and found.high <= within:
        return "supported"
    return "contradicted" if found.low > within or found.high < -within else "inconclusive"


def equivalence_p(found: Estimate, within: float) -> float:
    """How unlikely an estimate so far inside, or outside, of plus and minus `within` is where the truth is at an end:
    that of the nearer end, and inside of both."""
    ends = [p_value(found.less(end)) for end in (-within, within)]
    return max(ends) if abs(found.mean) <= within else ends[found.mean > 0]


def benjamini_hochberg(values: Sequence[float]) -> list[float]:
    """p-values -> q-values: the least false discovery rate at which each is still a discovery (Benjamini and Hochberg
    1995, adjusted as p m / rank, and never more than the next larger one's)."""
    order = sorted(range(len(values)), key=values.__getitem__, reverse=True)
    found, least = [0.0] * len(values), 1.0
    for rank, place in zip(range(len(values), 0, -1), order, strict=True):
        least = min(least, values[place] * len(values) / rank)
        found[place] = least
    return found


def difference_of_differences(a: Sample, b: Sample, c: Sample, d: Sample) -> Estimate | None:
    """(a - b) - (c - d), paired by seed, and by example where all have the same."""
    return contrast([(1.0, a), (-1.0, b), (-1.0, c), (1.0, d)])
