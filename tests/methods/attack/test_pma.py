"""Which scores it takes, and its gradient by hand; loops and saturated softmaxes are in tests/ops."""

import pytest
import torch

from pipeline.methods.attack.pma import PMA
from pipeline.ops.balls import Linf
from pipeline.ops.margin_decomposition import MarginDecomposition, parts, precise_probabilities, probabilities
from tests.kit.attacks import K, seeded


def test_it_is_margin_decomposition_of_probabilities():
    ball = Linf(0.1)
    assert PMA().attack(ball) == MarginDecomposition(ball, 100, 50, probabilities)
    assert PMA(precision="float64", steps=9, change=0.0).attack(ball) == MarginDecomposition(
        ball, 9, 0, precise_probabilities
    )


@pytest.mark.parametrize("precise", [False, True])
def test_the_gradient_of_the_margin_against_a_loop(precise):
    """d(p_t - p_y) / dz_k = p_t ([k = t] - p_k) - p_y ([k = y] - p_k), in float64 scaled to a greatest entry of 1."""
    z = torch.randn(7, K, generator=seeded(), dtype=torch.float64).requires_grad_()
    labels = torch.arange(7) % K
    true, other = parts((precise_probabilities if precise else probabilities)(z), labels)
    (slope,) = torch.autograd.grad((other - true).sum(), z)
    for n, p in enumerate(z.detach().softmax(1).tolist()):
        y = int(labels[n])
        t = max((k for k in range(K) if k != y), key=lambda k: p[k])
        want = [p[t] * ((k == t) - p[k]) - p[y] * ((k == y) - p[k]) for k in range(K)]
        scale = max(map(abs, want)) if precise else 1.0
        if not precise or z.dtype != torch.float64:
            assert slope[n].tolist() == pytest.approx([w / scale for w in want])
        else:
            assert (slope[n] / slope[n].abs().max()).tolist() == pytest.approx([w / scale for w in want])
