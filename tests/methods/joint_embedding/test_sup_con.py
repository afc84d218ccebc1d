"""The supervised contrast against slow loops over positives of one label, and NT-Xent where all labels differ."""

import math

import pytest
import torch

from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.methods.joint_embedding.sup_con import SupCon
from tests.kit.methods import SIZE, batch, dot, loop_nt_xent, made, pair, views_of


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_sup_con_equals_the_slow_loops(temperature):
    images, labels, total = pair(), [0, 1, 2, 0, 0, 1, 5], 0.0
    z, both = [row for view in views_of(*images) for row in view], [*labels, *labels]
    for i, anchor in enumerate(z):
        everything = sum(math.exp(dot(anchor, other) / temperature) for a, other in enumerate(z) if a != i)
        positives = [other for p, other in enumerate(z) if p != i and both[p] == both[i]]
        total -= sum(math.log(math.exp(dot(anchor, p) / temperature) / everything) for p in positives) / len(positives)
    found = SupCon(temperature=temperature).contrast(torch.tensor(labels), *images)
    assert found.item() == pytest.approx(total / len(z), rel=1e-5)


def test_sup_con_of_all_different_labels_is_nt_xent():
    z = pair()
    found = SupCon().contrast(torch.arange(7), *z)
    assert found.item() == pytest.approx(loop_nt_xent(*z, 0.1), rel=1e-5)
    torch.testing.assert_close(found, SimCLR().objective(*z))


def test_sup_con_reads_the_labels():
    assert SupCon.uses_labels
    method, data = made(SupCon), batch()
    before = method.loss(data).item()
    data.labels = torch.arange(SIZE)
    assert abs(method.loss(data).item() - before) > 1e-3
