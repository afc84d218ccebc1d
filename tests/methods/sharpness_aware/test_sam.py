"""One step of cross-entropy's SAM by finite differences, in float64, on a batch small enough to differ by hand."""

import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.sharpness_aware.sam import SAM
from tests.kit.classifiers import check_sharp, doubled
from tests.kit.methods import batch, made


def test_sam_steps_by_the_slope_at_the_worst_point():
    method = made(SAM, batch_norm=False, rho=0.3).double()
    check_sharp(method, doubled(batch(("full",))))


def test_a_small_radius_adds_the_curvature_along_the_gradient():
    """grad L(w + e) = g + rho H g / |g| + O(rho^2): rho d|g| / dw."""
    data = doubled(batch(("full",)))
    flat = made(CrossEntropy, batch_norm=False).double()
    parameters = list(flat.parameters())
    gradients = torch.autograd.grad(flat.loss(data), parameters, create_graph=True)
    length = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
    bent = torch.autograd.grad(length, parameters)
    rho = 1e-4
    method = made(SAM, batch_norm=False, rho=rho).double()
    method.backward(data)
    for p, g, h in zip(method.parameters(), gradients, bent, strict=True):
        torch.testing.assert_close((p.grad - g) / rho, h, rtol=1e-2, atol=1e-3)
