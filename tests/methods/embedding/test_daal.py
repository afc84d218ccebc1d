"""Nearest points of segments by a fine grid; without line and density it is CosFace; dense images have less margin."""

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.embedding.daal import DAAL
from pipeline.methods.margin_softmax.cosface import CosFace
from tests.kit.metric_learning import LABELS, centred, directions, matrix, points, rows


def test_cosines_with_lines():
    method, x = centred(DAAL), F.normalize(points())
    with torch.no_grad():
        found = method.to_lines(matrix(points(), directions()), points())
        a, b = (F.normalize(of.weight) for of in (method.head, method.ends))
    t = torch.linspace(0, 1, 2001, dtype=torch.float64)[:, None, None]
    line = (1 - t) * a + t * b
    nearest = (line[:, None] - x[:, None]).norm(dim=-1).argmin(0)
    for i in range(12):
        for k in range(6):
            point = line[nearest[i, k], k]
            assert found[i, k].item() == pytest.approx(F.cosine_similarity(x[i], point, dim=0).item(), abs=1e-3)


def test_where_the_ends_are_one_it_is_a_centre():
    method = centred(DAAL, density=False)
    with torch.no_grad():
        method.ends.weight.copy_(2 * method.head.weight)
    s = matrix(points(), directions())
    torch.testing.assert_close(method.to_lines(s, points()), s, rtol=1e-3, atol=1e-3)


def test_without_line_and_density_it_is_cosface():
    s = 0.9 * matrix(points(), directions())
    found = centred(DAAL, line=False, density=False).centre_loss(s, LABELS, points())
    torch.testing.assert_close(found, CosFace(scale=64.0, margin=0.35).objective(64.0 * s, LABELS))


def test_densities():
    method, found = centred(DAAL), rows(points())
    means = []
    for i, row in enumerate(found):
        own = sorted((c for j, c in enumerate(row) if j != i and LABELS[j] == LABELS[i]), reverse=True)[:3]
        means.append(sum(own) / len(own))
    wanted = [(mean - min(means)) / (max(means) - min(means)) for mean in means]
    assert method.densities(points(), LABELS).tolist() == pytest.approx(wanted, abs=1e-5)
    assert method.densities(points(), torch.arange(12)).tolist() == [0] * 12
    lonely = torch.tensor([0, 0, 1])
    assert method.densities(points()[:3], lonely)[2] == 0
