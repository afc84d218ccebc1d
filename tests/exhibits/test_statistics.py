"""The bootstrap against loops, closed forms and invariances."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from pipeline.exhibits import labels, statistics
from pipeline.exhibits.statistics import (
    B,
    Estimate,
    Sample,
    benjamini_hochberg,
    contrast,
    difference,
    difference_of_differences,
    mean,
    p_value,
)


def sample(seeds: int = 3, size: int = 40, shift: float = 0.0, key: int = 0) -> Sample:
    random = np.random.default_rng(key)
    examples = {seed: random.normal(5, 2, size) + random.normal() + shift for seed in range(seeds)}
    return Sample({seed: float(values.mean()) for seed, values in examples.items()}, examples)


def by_loops(terms: list[tuple[float, Sample]], seeds: list[int], size: int) -> tuple[float, float]:
    """The interval by drawing lists of examples and seeds, one replicate after another."""
    examples, drawn = statistics.example_counts(size).T, statistics.seed_counts(len(seeds))
    few = len(seeds)
    wide = stats.t.ppf(0.975, few - 1) / 1.959963984540054 * (few / (few - 1)) ** 0.5
    observed = [sum(weight * s.values[seed] for weight, s in terms) for seed in seeds]
    draws = []
    for b in range(B):
        chosen = [i for i in range(size) for _ in range(int(examples[b, i]))]
        assert len(chosen) == size
        of_seed = []
        for seed in seeds:
            values = [sum(weight * s.examples[seed][i] for weight, s in terms) for i in chosen]
            of_seed.append(sum(values) / size)
        centre = sum(of_seed) / few
        picked = [value for value, times in zip(observed, drawn[b], strict=True) for _ in range(int(times))]
        draws.append(centre + wide * (sum(picked) / few - sum(observed) / few))
    draws.sort()
    return float(np.quantile(draws, 0.025)), float(np.quantile(draws, 0.975))


def test_interval_of_a_mean_is_that_of_loops() -> None:
    one = sample(size=12)
    found = mean(one)
    assert found is not None
    assert found.mean == pytest.approx(np.mean(list(one.values.values())))
    assert (found.low, found.high) == pytest.approx(by_loops([(1.0, one)], [0, 1, 2], 12), abs=1e-8)


def test_interval_of_a_difference_is_that_of_loops_on_common_seeds() -> None:
    a, b = sample(4, size=9, key=1), sample(3, size=9, key=2)
    found = difference(a, b)
    assert found is not None
    assert found.n_seeds == 3
    assert (found.low, found.high) == pytest.approx(by_loops([(1.0, a), (-1.0, b)], [0, 1, 2], 9), abs=1e-8)


def test_resamples_are_draws_with_replacement() -> None:
    counts = statistics.example_counts(50)
    assert (counts.sum(0) == 50).all()
    assert (statistics.seed_counts(3).sum(1) == 3).all()
    # a count is binomial with variance 1 - 1/N
    assert counts.var() == pytest.approx(1 - 1 / 50, abs=0.02)


def test_a_constant_shift_has_a_difference_without_width() -> None:
    a = sample()
    b = Sample({s: v - 1.25 for s, v in a.values.items()}, {s: v - 1.25 for s, v in a.examples.items()})
    found = difference(a, b)
    assert found is not None
    assert (found.low, found.high) == (1.25, 1.25)
    same = difference(a, a)
    assert same is not None
    assert (same.low, same.high, same.sign) == (0.0, 0.0, 0)


def test_a_shift_of_everything_leaves_the_difference_of_differences_without_width() -> None:
    a, b = sample(key=1), sample(key=2)
    moved = [Sample({s: v + 7 for s, v in x.values.items()}, {s: v + 7 for s, v in x.examples.items()}) for x in (a, b)]
    found = difference_of_differences(a, b, *moved)
    assert found is not None
    assert (found.mean, found.low, found.high) == pytest.approx((0, 0, 0), abs=1e-9)


def test_swapping_the_sides_mirrors_the_interval() -> None:
    a, b = sample(key=1), sample(key=2)
    forth, back = difference(a, b), difference(b, a)
    assert forth is not None
    assert back is not None
    assert back.low == pytest.approx(-forth.high, abs=1e-8)
    assert back.high == pytest.approx(-forth.low, abs=1e-8)


def test_pairing_removes_what_methods_share() -> None:
    random = np.random.default_rng(3)
    hard = random.normal(0, 10, 300)
    a, b = ({s: hard + skill + random.normal(0, 0.1, 300) for s in range(3)} for skill in (0.5, 0.0))
    samples = [Sample({s: float(v.mean()) for s, v in x.items()}, x) for x in (a, b)]
    paired, alone = difference(*samples), mean(samples[0])
    assert paired is not None
    assert alone is not None
    assert paired.sign == 1
    assert paired.high - paired.low < 0.1 * (alone.high - alone.low)


def test_equal_seeds_leave_the_spread_of_examples() -> None:
    values = np.random.default_rng(4).normal(0, 1, 400)
    found = mean(Sample({s: float(values.mean()) for s in range(3)}, dict.fromkeys(range(3), values)))
    assert found is not None
    half = 1.959964 * values.std() / 20
    assert found.levels == "seeds and examples"
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.08)


def test_many_seeds_without_examples_give_students_interval() -> None:
    values = np.random.default_rng(5).normal(0, 1, 40)
    found = mean(Sample(dict(enumerate(values.tolist()))))
    assert found is not None
    expected = stats.t.interval(0.95, 39, values.mean(), stats.sem(values))
    assert found.levels == "seeds"
    assert (found.low, found.high) == pytest.approx(expected, abs=0.05)


def test_three_seeds_give_nearly_students_width() -> None:
    found = mean(Sample({0: 1.0, 1: 2.0, 2: 3.0}))
    assert found is not None
    expected = stats.t.interval(0.95, 2, 2.0, 1 / 3**0.5)
    assert found.high - found.low == pytest.approx(expected[1] - expected[0], rel=0.1)


def test_one_seed() -> None:
    with_examples = mean(sample(1))
    assert with_examples is not None
    assert with_examples.levels == "examples"
    assert with_examples.low < with_examples.mean < with_examples.high
    without = mean(Sample({0: 3.0}))
    assert without is not None
    assert (without.mean, without.low, without.high, without.levels, without.sign) == (3.0, None, None, None, 0)


def test_nothing_in_common_is_no_estimate() -> None:
    assert contrast([(1.0, Sample({0: 1.0})), (-1.0, Sample({1: 1.0}))]) is None


def test_examples_of_different_lengths_are_not_paired() -> None:
    a = sample(2, size=10)
    ragged = Sample(a.values, {0: a.examples[0], 1: a.examples[1][:5]})
    found = mean(ragged)
    assert found is not None
    assert found.levels == "seeds"


def test_an_interval_ends_where_the_metrics_range_does() -> None:
    sample = Sample({0: 99.0, 1: 95.0, 2: 99.5})
    free = statistics.mean(sample)
    clipped = statistics.mean(sample, labels.bounds("auroc_digits"))
    assert free is not None and clipped is not None
    assert free.high is not None and free.high > 100
    assert (clipped.mean, clipped.low, clipped.high) == (free.mean, free.low, 100.0)
    assert labels.bounds("nll")[0] == 0
    assert labels.bounds("a metric of one's own") == (-np.inf, np.inf)


def test_resampling_together_gives_what_resampling_alone_gives(large: Any) -> None:
    cell = large.results.cells["default", "dcl"]
    for metric in ("linear_top1", "alignment", "uniformity"):
        sample = cell.sample(metric)
        alone = type(sample)(sample.values, sample.examples)
        for seed, row in alone.replicates.items():
            np.testing.assert_allclose(sample.replicates[seed], row, atol=1e-9)
    assert cell.sample("linear_top1") is cell.sample("linear_top1")
    assert cell.sample("unknown").values == {}
    assert "features" not in cell.examples[0] and "labels" in cell.examples[0]


# --- what survives many tests ---

EXAMPLE = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
           0.7590, 1.0000]  # fmt: skip
"""Fifteen p-values of Benjamini and Hochberg 1995, who reject the first four at a rate of 0.05."""


def by_definition(values: list[float], rate: float) -> set[int]:
    """What is rejected: the k smallest, for the largest k of which the k-th is at most k / m times the rate."""
    order = sorted(range(len(values)), key=values.__getitem__)
    passed = [k for k, place in enumerate(order, 1) if values[place] <= k / len(values) * rate]
    return set(order[: max(passed, default=0)])


def rejected(values: list[float], rate: float) -> set[int]:
    return {place for place, q in enumerate(benjamini_hochberg(values)) if q <= rate}


def test_the_papers_example_has_four_discoveries() -> None:
    assert rejected(EXAMPLE, 0.05) == {0, 1, 2, 3}
    turned = EXAMPLE[::-1]
    assert benjamini_hochberg(turned) == benjamini_hochberg(EXAMPLE)[::-1]
    assert benjamini_hochberg(EXAMPLE)[3] == pytest.approx(0.0095 * 15 / 4)
    # not 0.0278 * 15 / 6, since the next larger one has less
    assert benjamini_hochberg(EXAMPLE)[5] == pytest.approx(0.0298 * 15 / 7)


def test_discoveries_are_those_of_the_definition() -> None:
    random = np.random.default_rng(4)
    for size in (1, 2, 5, 30):
        for _ in range(20):
            drawn = [round(float(p), 2) for p in random.beta(0.3, 1, size)]  # with ties
            for rate in (0.01, 0.05, 0.2, 0.7):
                assert rejected(drawn, rate) == by_definition(drawn, rate), (drawn, rate)
    assert benjamini_hochberg([]) == []


def test_a_p_value_is_small_exactly_where_the_interval_excludes_zero() -> None:
    random = np.random.default_rng(5)
    for seeds in (1, 2, 3, 5, 7, 13):
        for _ in range(100):
            centre, *ends = random.normal(0, 1, 3)
            found = Estimate(centre, centre - abs(ends[0]), centre + abs(ends[1]), seeds, None)
            assert (p_value(found) < 0.05) is (found.sign != 0)
        # what ends at zero includes it, whatever the last bits of the distribution
        ending = [Estimate(1.7, 0.0, 3.0, seeds, None), Estimate(-0.3, -2.0, 0.0, seeds, None)]
        assert [p_value(found) for found in ending] == pytest.approx([0.05, 0.05])
        assert all(p_value(found) >= 0.05 for found in ending)


def test_a_p_value_is_students() -> None:
    values = np.array([0.2, 1.1, 0.4, 0.9, 0.7])
    half = stats.t.ppf(0.975, 4) * values.std(ddof=1) / 5**0.5
    found = Estimate(values.mean(), values.mean() - half, values.mean() + half, 5, "seeds")
    assert p_value(found) == pytest.approx(stats.ttest_1samp(values, 0).pvalue)


def test_p_values_without_an_interval_or_without_width() -> None:
    assert p_value(Estimate(3.0, None, None, 1, None)) == 1.0
    assert p_value(Estimate(3.0, 3.0, 3.0, 3, "seeds")) == 0.0
    assert p_value(Estimate(0.0, 0.0, 0.0, 3, "seeds")) == 1.0


def test_labels_of_metrics() -> None:
    assert labels.metric("linear_top1_projector") == "Linear probe top-1 (%), projector"
    assert labels.metric("linear_top1_10pct") == "Linear probe top-1 (%), 10% of labels"
    assert labels.metric("top1") == "Top-1 (%)"
    assert labels.bounds("naive_bayes_top1_1pct") == (0.0, 100.0)
    assert [labels.significant(v) for v in (0.01234, 0.5, 4.567, 12.34, 1234.5, 0.0)] == [
        "0.0123", "0.500", "4.57", "12.3", "1234", "0"]  # fmt: skip


def shares(values: list[int], share: bool = True) -> Sample:
    examples = np.array(values, np.float64)
    return Sample({0: float(examples.mean())}, {0: examples}, share=share)


@pytest.mark.parametrize(("count", "size"), [(0, 200), (200, 200), (0, 4), (3, 40)])
def test_a_share_of_one_seed_has_the_exact_interval(count: int, size: int) -> None:
    """Of Clopper and Pearson, by the beta distribution."""
    found = mean(shares([1] * count + [0] * (size - count)))
    low = stats.beta.ppf(0.025, count, size - count + 1) if count else 0.0
    high = stats.beta.ppf(0.975, count + 1, size - count) if count < size else 1.0
    assert found is not None
    assert (found.mean, found.low, found.high) == pytest.approx((count / size, low, high))
    turned = contrast([(-1.0, shares([1] * count + [0] * (size - count)))])
    assert turned is not None and (turned.low, turned.high) == pytest.approx((-high, -low))


def test_what_is_no_share_is_resampled() -> None:
    none = mean(shares([0] * 50, share=False))
    assert none is not None and (none.low, none.high) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.1, 0.1, "supported"),
        (-0.2, 0.2, "supported"),
        (0.1, 0.3, "inconclusive"),
        (-0.3, 0.3, "inconclusive"),
        (0.21, 0.3, "contradicted"),
        (-0.4, -0.21, "contradicted"),
    ],
)
def test_equivalence_is_by_the_whole_interval(low: float, high: float, verdict: str) -> None:
    found = Estimate((low + high) / 2, low, high, 10, "examples")
    assert statistics.equivalence(found, 0.2) == verdict
    assert (statistics.equivalence_p(found, 0.2) < 0.05) is (verdict != "inconclusive") or low == -0.2
