"""How often a 95% interval holds the truth, by simulation: seeds, test examples, and how much seeds differ.

An example's value is the sum of what is drawn for the seed, for the example and for both together. The truth is the
mean over all seeds and examples that could have been drawn. What seeds add has a deviation of `spread` times that of
the mean over the examples: 0.3 is small, 3 is large.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
from scipy.special import ndtr

from pipeline.exhibits import statistics
from pipeline.exhibits.statistics import Estimate, Sample

SEEDS, SPREADS, TIMES = (2, 3, 5, 10), (0.3, 3.0), {50: 1000, 500: 1000, 5000: 200}
"""TIMES: number of examples -> how often a result is simulated, a fifth as often where a draw is a sum over ranks."""
TOGETHER = 0.5
"""Of the variance of an example's value, the share that is drawn anew at each seed."""

Drawn = np.ndarray
Made = tuple[list[list[tuple[float, Sample]]], float]
"""Contrasts, one for each time, and the truth of all."""


def run(sizes: Mapping[int, int] = TIMES) -> Iterator[str]:
    """A line for every kind of number, spread of the seeds and number of seeds: coverage by number of examples."""
    yield f"| number | seeds differ | seeds | {' | '.join(f'{n:,} examples' for n in sizes)} |"
    for name, make in KINDS.items():
        for spread in SPREADS:
            for seeds in SEEDS:
                rare = 5 if isinstance(make, partial) else 1
                found = [coverage(make, seeds, n, spread, times // rare) for n, times in sizes.items()]
                differ = "little" if spread < 1 else "much"
                yield f"| {name} | {differ} | {seeds} | {' | '.join(f'{100 * share:.1f}%' for share in found)} |"


def coverage(make: "Make", seeds: int, examples: int, spread: float, times: int) -> float:
    """The share of `times` simulated results whose interval holds the truth."""
    contrasts, truth = make(np.random.default_rng([seeds, examples]), seeds, examples, spread, times)
    return float(np.mean([_holds(statistics.contrast(terms), truth) for terms in contrasts]))


def _holds(found: Estimate | None, truth: float) -> bool:
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    return found.low <= truth <= found.high


def normal(random: np.random.Generator, seeds: int, examples: int, spread: float, of: int) -> Drawn:
    """(of, seeds, examples) of mean 0, the examples' own part the same at all seeds; an example has variance 1."""
    shared, own = random.normal(size=(of, 1, examples)), random.normal(size=(of, seeds, examples))
    seed = random.normal(size=(of, seeds, 1)) * spread / examples**0.5
    return (1 - TOGETHER) ** 0.5 * shared + TOGETHER**0.5 * own + seed


def samples(values: Drawn) -> list[Sample]:
    """Of (times, seeds, examples), resampled together."""
    found = [Sample(dict(enumerate(each.mean(1).tolist())), dict(enumerate(each))) for each in values]
    for sample in found:
        sample.group = lambda: found
    return found


def mean(random: np.random.Generator, seeds: int, examples: int, spread: float, times: int) -> Made:
    return [[(1.0, sample)] for sample in samples(normal(random, seeds, examples, spread, times))], 0.0


def difference(random: np.random.Generator, seeds: int, examples: int, spread: float, times: int) -> Made:
    """Of two methods on the same examples, three quarters of whose difficulty they share."""
    shared = 3**0.5 * random.normal(size=(times, 1, examples))
    sides = [samples(shared + normal(random, seeds, examples, spread, times)) for _ in range(2)]
    return [[(1.0, a), (-1.0, b)] for a, b in zip(*sides, strict=True)], 0.0


def seeds_alone(random: np.random.Generator, seeds: int, examples: int, spread: float, times: int) -> Made:
    """Of a metric that cannot be resampled over examples: the truth is that of these very examples."""
    means = random.normal(size=(times, seeds)) * ((TOGETHER + spread**2) / examples) ** 0.5
    return [[(1.0, Sample(dict(enumerate(each.tolist()))))] for each in means], 0.0


def accuracy(random: np.random.Generator, seeds: int, examples: int, spread: float, times: int) -> Made:
    """Of a classifier that is right 98 times in 100: as often as a normal number is below two deviations or so."""
    right = 100.0 * (normal(random, seeds, examples, spread, times) < ACCURATE)
    return [[(1.0, sample)] for sample in samples(right)], 100 * float(
        ndtr(ACCURATE / (1 + spread**2 / examples) ** 0.5)
    )


ACCURATE = 2.0537
"""The normal quantile of 98%."""


def detection(metric: str, random: np.random.Generator, seeds: int, examples: int, spread: float, times: int) -> Made:
    """Known inputs score two deviations above half as many unknown ones; seeds shift the known ones."""
    from pipeline import metrics

    found, described = [], metrics.describe(metric)
    known = normal(random, seeds, examples, spread, times) + GAP
    unknown = normal(random, seeds, examples // 2, 0.0, times)
    for inside, outside in zip(known, unknown, strict=True):
        arrays = [{"scores_known": a, "scores_unknown.others": b} for a, b in zip(inside, outside, strict=True)]
        values = [metrics.redrawn(described, each)[metric][0] for each in arrays]
        makers = [partial(_redrawn, metric, partial(metrics.redrawn, described, each)) for each in arrays]
        found.append([(1.0, Sample(dict(enumerate(values)), {}, dict(enumerate(makers))))])
    return found, TRUTHS[metric](spread / examples**0.5)


def _redrawn(metric: str, compute: Callable[..., dict[str, Drawn]]) -> Drawn:
    return statistics.redraw(compute)[metric]


GAP = 2.0
TRUTHS: dict[str, Callable[[float], float]] = {
    "auroc": lambda deviation: 100 * float(ndtr(GAP / (2 + deviation**2) ** 0.5)),
    "fpr95": lambda deviation: 100 * float(ndtr((1.6448536 - GAP) / (1 + deviation**2) ** 0.5)),
}
"""The expectation over seeds whose shift of the known scores has this deviation."""

Make = Callable[[np.random.Generator, int, int, float, int], Made]
KINDS: dict[str, Make] = {
    "mean": mean,
    "difference of two methods": difference,
    "metric without examples": seeds_alone,
    "accuracy of 98%": accuracy,
    "AUROC": partial(detection, "auroc"),
    "FPR95": partial(detection, "fpr95"),
}
