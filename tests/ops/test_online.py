"""Follow-the-regularised-leader on absolute losses: conjugates by search."""

import numpy as np
import pytest

from pipeline.ops.online import absolute_leader


@pytest.mark.parametrize("implicit", [True, False])
def test_the_terms_by_their_definition(implicit: bool) -> None:
    """Conjugates of the losses by search over predictions, those of the regulariser by w = theta / lambda."""
    random = np.random.default_rng(0)
    x, y, scale = random.normal(size=(15, 2)), random.normal(size=15), 0.7
    run = absolute_leader(x, y, scale, implicit)
    theta, grid = np.zeros(2), np.linspace(-30, 30, 600_001)
    for t in range(15):
        now, after = np.sqrt(t + 1) / scale, np.sqrt(t + 2) / scale
        loss = abs(theta @ x[t] / now - y[t])
        subgradient = np.sign(theta @ x[t] / now - y[t])
        s = float(np.clip((theta @ x[t] - after * y[t]) / (x[t] @ x[t]), -1, 1)) if implicit else subgradient
        conjugate = (s * grid - np.abs(grid - y[t])).max()
        left = theta - s * x[t]
        term = loss + conjugate + left @ left / (2 * after) - theta @ theta / (2 * now)
        assert run["losses"][t] == pytest.approx(loss)
        assert run["terms"][t] == pytest.approx(term, abs=1e-3)
        theta = left
