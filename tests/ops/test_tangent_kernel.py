"""The tangent kernel: of a wide network's gradients, by expectations that are drawn, and in closed form."""

import numpy as np
import pytest

from pipeline.ops import tangent_kernel


def test_it_is_the_inner_product_of_a_wide_networks_gradients() -> None:
    """Two hidden layers: f = v.relu(U relu(W x)) with variances 2 over fan-in, gradients written out."""
    random, width = np.random.default_rng(0), 1500
    x = random.normal(size=(2, 3))
    w = random.normal(size=(width, 3))
    u, v = random.normal(size=(width, width)), random.normal(size=width)
    scale = np.sqrt(2 / width)
    gradients = []
    for point in x:
        first = np.maximum(w @ point, 0) * scale
        second = np.maximum(u @ first, 0) * scale
        back = scale * v * (u @ first > 0)
        down = scale * (u.T @ back) * (w @ point > 0)
        gradients.append((second, np.outer(back, first), np.outer(down, point)))
    products = [[sum(float((a * b).sum()) for a, b in zip(g, h, strict=True)) for h in gradients] for g in gradients]
    assert tangent_kernel.kernel(x, x, 3) == pytest.approx(np.array(products), rel=0.1)


def test_layer_by_layer_as_expectations_over_gaussians() -> None:
    z = np.random.default_rng(1).normal(size=(400_000, 2))
    inner = tangent = 0.3
    for _ in range(2):
        a, b = z[:, 0], inner * z[:, 0] + np.sqrt(1 - inner**2) * z[:, 1]
        passed = 2 * ((a > 0) & (b > 0)).mean()
        inner = float(2 * (np.maximum(a, 0) * np.maximum(b, 0)).mean())
        tangent = inner + tangent * passed
    assert tangent_kernel.profile(np.array([0.3]), 3)[0] == pytest.approx(tangent, rel=0.02)


def test_closed_forms() -> None:
    """One layer is linear; a vector with itself counts each layer once; opposite ones share no active unit."""
    x = np.array([[3.0, 4.0], [-3.0, -4.0]])
    assert tangent_kernel.kernel(x, x, 1) == pytest.approx(x @ x.T)
    for layers in (2, 3, 5):
        assert tangent_kernel.kernel(x, x, layers)[0, 0] == pytest.approx(25 * layers)
    assert tangent_kernel.kernel(x, x, 2)[0, 1] == pytest.approx(0, abs=1e-12)
