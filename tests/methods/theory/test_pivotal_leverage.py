"""Labels bought by leverage: errors by plain least squares, and what spreading, marginals and weights do."""

import numpy as np
import pytest

from pipeline.methods.theory import pivotal_by_degree, pivotal_coverage, pivotal_leverage
from pipeline.methods.theory.pivotal_by_degree import PivotalByDegree
from pipeline.methods.theory.pivotal_coverage import PivotalCoverage
from pipeline.methods.theory.pivotal_leverage import PivotalLeverage
from pipeline.ops import pivotal, polynomial_features


def check(**changes: object) -> PivotalLeverage:
    return PivotalLeverage(**{"degree": 5, "side": 50, "steps": 3, **changes})


def test_errors_are_those_of_plain_least_squares(monkeypatch: pytest.MonkeyPatch) -> None:
    """In monomials, with the error on all points."""
    monkeypatch.setattr(pivotal_leverage, "TRIALS", 1)
    made = pivotal_leverage.problem(3, 50, "heat")
    points = polynomial_features.grid(50)
    monomials = np.stack([points[:, 0] ** i * points[:, 1] ** j for i in range(4) for j in range(4 - i)], 1)
    best = np.linalg.lstsq(monomials, made.values)[0]
    assert made.full == pytest.approx(((monomials @ best - made.values) ** 2).sum() / (made.values**2).sum())
    found = check(degree=3, target="heat").measure(np.random.default_rng(0), 200)
    chances = pivotal.inclusion(np.diag(monomials @ np.linalg.pinv(monomials)), 20)
    chosen = pivotal.pivotal(chances, made.tree, np.random.default_rng(0))
    scale = 1 / np.sqrt(chances[chosen])
    fitted = np.linalg.lstsq(monomials[chosen] * scale[:, None], made.values[chosen] * scale)[0]
    assert found["error_pivotal"] == pytest.approx(((monomials @ fitted - made.values) ** 2).sum())


def averages(made: PivotalLeverage | PivotalByDegree | PivotalCoverage, count: int) -> dict[str, float]:
    rows = [
        [made.measure(made.draw(size, np.random.default_rng(r)), size) for size in made.sizes()] for r in range(count)
    ]
    curves = {name: np.array([[each[name] for each in row] for row in rows]) for name in rows[0][0]}
    return {name: float(values.mean()) for name, values in made.summary(made.sizes(), curves).items()}


def test_spreading_is_what_helps() -> None:
    found, shuffled = averages(check(), 4), averages(check(spatial=False), 4)
    assert found["log_ratio"] > 0.4 and abs(shuffled["log_ratio"]) < 0.25
    assert found["log_ratio_needed"] > 0.2 > abs(shuffled["log_ratio_needed"])
    assert found["level"] < shuffled["level"]


def test_rows_that_are_not_weighted_end_at_another_polynomial(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which weighs the border too much, so that more labels do not lead to the least error."""
    right, plain = check().measure(np.random.default_rng(0), 3000), polynomial_features.weighted

    def unweighted(basis: np.ndarray, values: np.ndarray, chances: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        return plain(basis, values, np.ones_like(chances), chosen)

    monkeypatch.setattr(polynomial_features, "weighted", unweighted)
    wrong = check().measure(np.random.default_rng(0), 3000)
    assert right["error_pivotal"] < 1.02 * right["error_all"] < 1.05 * right["error_all"] < wrong["error_pivotal"]


def test_where_a_curve_falls_below_a_level_for_good() -> None:
    places, level = np.array([0.0, 1.0, 3.0]), 2.0
    curves = np.array([[4.0, 3.0, 1.0], [3.0, 1.0, 0.0], [1.0, 3.0, 1.0], [1.0, 1.0, 1.0], [4.0, 3.0, 2.5]])
    assert pivotal_leverage.reached(places, curves, level).tolist() == [2.0, 0.5, 2.0, 0.0, 3.0]


# --- by degree ---


def test_the_excess_of_all_points_is_none() -> None:
    made = PivotalByDegree(points=100, ratio=50.0)
    found = made.measure(made.draw(2, np.random.default_rng(0)), 2)
    assert found["excess"] == pytest.approx(0, abs=1e-20) and found["smallest"] == pytest.approx(1)


def test_the_excess_grows_if_points_are_bought_independently() -> None:
    spread, alone = (averages(PivotalByDegree(points=1000, independent=each), 8) for each in (False, True))
    assert abs(spread["exponent"]) < 0.1 < alone["exponent"] and alone["level"] > 3 * spread["level"]
    assert spread["exponent_eigenvalue"] > alone["exponent_eigenvalue"] + 0.5


def test_leverages_of_an_interval_are_christoffel_functions() -> None:
    """Three features on three points fit all; a constant has leverages that are alike."""
    assert (pivotal_by_degree.interval(3, 3)[0] ** 2).sum(1) == pytest.approx(np.ones(3))
    assert (pivotal_by_degree.interval(1, 8)[0] ** 2).sum(1) == pytest.approx(np.full(8, 1 / 8))


# --- coverage ---


def test_the_sample_is_the_same_at_every_size() -> None:
    made = PivotalCoverage(samples=20, degree=4)
    assert made.draw(1, np.random.default_rng(5)) is made.draw(20, np.random.default_rng(5))
    samples = made.draw(1, np.random.default_rng(6))
    assert {len(points) for points in samples.where.values()} == {20} and samples.number == 20
    for surplus in samples.surplus.values():
        assert surplus[-1] == pytest.approx(0, abs=1e-9), "all have twenty"
    assert np.abs(samples.surplus["pivotal"]).max() < np.abs(samples.surplus["bernoulli"]).max()


def test_distances_to_the_nearest_by_loops() -> None:
    random = np.random.default_rng(7)
    across, up = random.normal(size=(2, 6)), random.normal(size=(2, 6))
    slow = [
        np.mean([min(np.hypot(a[i] - a[j], b[i] - b[j]) for j in range(6) if j != i) for i in range(6)])
        for a, b in zip(across, up, strict=True)
    ]
    assert pivotal_coverage.nearest(across, up) == pytest.approx(slow)


def test_parts_hold_their_number_only_by_duels_within_them() -> None:
    found, shuffled = averages(PivotalCoverage(), 30), averages(PivotalCoverage(spatial=False), 30)
    assert (found["violation"], found["holds"], shuffled["violation"]) == (0, 1, 1)
    assert found["log_ratio"] > 0.1 > abs(shuffled["log_ratio"])
    assert abs(found["deviation"]) < 0.05
