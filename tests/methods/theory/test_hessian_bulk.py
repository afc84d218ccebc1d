"""Outliers of the Hessian: rules on spectra that are known, and the two controls."""

import numpy as np

from pipeline.methods.theory.hessian_bulk import HessianBulk
from pipeline.ops.tanh_networks import TanhNetwork


def check(**changes: object) -> HessianBulk:
    plain = {"smallest": 4, "largest": 8, "steps": 2, "classes": 3, "clusters": False, "untrained": False}
    return HessianBulk(**{**plain, **changes})


class Known(TanhNetwork):
    """With a Hessian of a chosen spectrum, and a Gauss-Newton part of the same or other directions."""

    spectrum = np.zeros(0)
    turned = False

    def descended(self, flat: np.ndarray, until: float, iterations: int) -> np.ndarray:
        return flat

    def curvature(self, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        basis = np.linalg.qr(np.random.default_rng(0).normal(size=(40, 40)))[0]
        found = basis * self.spectrum @ basis.T
        other = basis[:, ::-1] if self.turned else basis
        return found, other * self.spectrum @ other.T


def measured(spectrum: list[float], turned: bool = False) -> dict[str, float]:
    made = type("Made", (Known,), {"spectrum": np.array(spectrum), "turned": turned})
    network = made(np.zeros((1, 1)), np.zeros(1, np.int64), (1, 1))
    return check().measure((network, np.zeros(network.size)), 1)


def test_outliers_are_counted_at_the_largest_quotient() -> None:
    bulk = [*np.linspace(0.05, 0.03, 10), *np.linspace(0.019, -0.019, 27)]
    found = measured([3.0, 2.0, 1.0, *bulk])
    assert found["outliers"] == 3 and found["large"] == 3 and np.isclose(found["overlap"], 1)
    assert found["near_zero"] == 27 / 40
    assert measured([9.0, 2.0, 1.0, *np.geomspace(0.6, 1e-3, 37)])["outliers"] == 1


def test_a_gauss_newton_part_of_other_directions_does_not_overlap() -> None:
    spectrum = [3.0, 2.0, 1.0, *np.linspace(0.02, -0.02, 37)]
    assert measured(spectrum, turned=True)["overlap"] < 1e-9


def test_shares_are_summed_up_by_classes() -> None:
    made = check()
    curves = {name: np.ones((2, 2)) for name in ("near_zero", "overlap")}
    curves |= {"outliers": np.array([[3.0, 2.0], [1.0, 3.0]]), "parameters": np.array([[10.0, 40.0]] * 2)}
    curves |= {"large": np.array([[5.0, 5.0], [5.0, 10.0]])}
    found = made.summary([1, 2], curves)
    assert found["holds"].tolist() == [1.0, 0.5] and np.allclose(found["exponent"], [0, 0.5])


def test_before_training_the_gauss_newton_part_is_not_most_of_it() -> None:
    shares = {}
    for untrained in (False, True):
        made = check(untrained=untrained)
        shares[untrained] = made.measure(made.draw(8, np.random.default_rng(0)), 8)["overlap"]
    assert shares[False] > 0.8 > 0.6 > shares[True]
