"""Examples that classifiers need: fitted by loops and by scikit-learn, in closed form, and with weaker features."""

import math

import numpy as np
import pytest

from pipeline.methods.theory.sample_complexity import SampleComplexity, logistic_regression, naive_bayes, signs


def check(**changes: object) -> SampleComplexity:
    settings = {"smallest": 16, "largest": 64, "steps": 3, "sets": 4, "separation": 0.0}
    return SampleComplexity(**{**settings, **changes})


def test_naive_bayes_by_loops() -> None:
    x = check().draw(6, np.random.default_rng(0)).features[0][:10]
    w, bias = naive_bayes(x)
    score, point = bias, [0.3, -1.0, 2.0, 0.1, 0.7, -0.4]
    score += sum(weight * each for weight, each in zip(w, point, strict=True))
    expected = 0.0
    for j in range(6):
        classes = [[x[i][j] for i in range(first, 10, 2)] for first in (0, 1)]
        means = [sum(values) / 5 for values in classes]
        spread = [sum((value - mean) ** 2 for value in values) for values, mean in zip(classes, means, strict=True)]
        variance = sum(spread) / 10 + 1e-9
        expected += ((point[j] - means[1]) ** 2 - (point[j] - means[0]) ** 2) / (2 * variance)
    assert score == pytest.approx(expected)


def test_logistic_regression_is_that_of_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    sample = check().draw(12, np.random.default_rng(1))
    x = sample.features[0]
    w, bias = logistic_regression(x, sample.variances)
    fitted = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(x, signs(len(x)))
    assert w == pytest.approx(fitted.coef_[0], abs=1e-3) and bias == pytest.approx(fitted.intercept_[0], abs=1e-3)


def test_the_error_is_that_of_drawn_points_and_of_the_best_classifier_in_closed_form() -> None:
    sample = check().draw(4, np.random.default_rng(2))
    assert sample.least == pytest.approx(math.erfc(math.sqrt((2 + 2 / 4) / 2)) / 2)
    random, w, bias = np.random.default_rng(3), np.array([0.1, -0.2, 0.5, 0.2]), 0.3
    y = signs(100_000)
    x = y[:, None] + random.normal(size=(100_000, 4)) * np.sqrt(sample.variances)
    assert sample.error(w, bias) == pytest.approx((y * (x @ w + bias) < 0).mean(), abs=0.005)


def test_naive_bayes_needs_no_more_with_more_features_unless_each_tells_less() -> None:
    found = {}
    for separation in (0.0, 2.0):
        made = check(separation=separation)
        samples = {n: made.draw(n, np.random.default_rng(n)) for n in (32, 128)}
        found[separation] = [made.measure(samples[n], n)["naive_bayes"] for n in (32, 128)]
        assert samples[32].least == pytest.approx(samples[128].least) or not separation
    assert found[0.0][1] < 1.5 * found[0.0][0]
    assert found[2.0][1] > 2.2 * found[2.0][0], "a number in proportion to features would be seen"


def test_logistic_regression_needs_more_with_more_features() -> None:
    made = check()
    few, many = (made.measure(made.draw(n, np.random.default_rng(n)), n)["logistic"] for n in (32, 128))
    assert many > 1.8 * few
