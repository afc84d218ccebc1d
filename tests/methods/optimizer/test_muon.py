"""Newton-Schulz steps as a polynomial of singular values, and which parameters are stepped by Adam."""

import torch

from pipeline.methods.optimizer.muon import COEFFICIENTS, Muon, orthogonalised
from tests.kit.optimizers import DECAY, RATE, course, fresh, study


def polynomial(matrix, steps=5):
    u, sizes, vt = torch.linalg.svd(matrix, full_matrices=False)
    sizes = sizes / (matrix.square().sum().sqrt() + 1e-7)
    a, b, c = COEFFICIENTS
    for _ in range(steps):
        sizes = a * sizes + b * sizes**3 + c * sizes**5
    return u @ torch.diag(sizes) @ vt


def test_singular_values_come_near_one():
    for shape in ((7, 4), (4, 7), (5, 5)):
        matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        torch.testing.assert_close(orthogonalised(matrix), polynomial(matrix))
        sizes = torch.linalg.svdvals(orthogonalised(matrix))
        assert sizes.min() > 0.6 and sizes.max() < 1.3


def test_a_kernel_is_stepped_as_a_matrix():
    method = fresh(Muon, mu=0.9)
    place = [name for name, _ in method.named_parameters()].index("encoder.convolution.weight")
    average = torch.zeros(10, 9, dtype=torch.float64)
    for before, gradients, after in course(method):
        g = gradients[place].reshape(10, 9)
        average = 0.9 * average + 0.1 * g
        step = (10 / 9) ** 0.5 * polynomial(0.1 * g + 0.9 * average)
        want = before[place].reshape(10, 9) * (1 - RATE * DECAY) - RATE * step
        torch.testing.assert_close(after[place].reshape(10, 9), want)


def test_the_head_and_biases_are_adams_at_a_share_of_the_rate():
    method = fresh(Muon)
    orthogonal, adam = method.optimizers(study, 0)
    assert [id(p) for g in orthogonal.param_groups for p in g["params"]] == [id(method.encoder.convolution.weight)]
    assert {g["scale"] for g in adam.param_groups} == {0.015}
    assert sum(len(g["params"]) for g in adam.param_groups) == 3
