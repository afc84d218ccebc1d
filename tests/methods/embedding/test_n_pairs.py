"""One pair a class by loops; more images of a class are ignored, and so are classes with a single one."""

import math

import pytest
import torch

from pipeline.methods.embedding.n_pairs import NPairs
from tests.kit.methods import dot
from tests.kit.metric_learning import LABELS, every_gradient_is_finite, points


@pytest.mark.parametrize("regularisation", [0.0, 0.02])
def test_n_pairs(regularisation):
    z = points().tolist()
    first, second = [z[0], z[1], z[2], z[9]], [z[3], z[4], z[5], z[10]]
    total = 0.0
    for i, anchor in enumerate(first):
        margin = [dot(anchor, other) - dot(anchor, second[i]) for j, other in enumerate(second) if j != i]
        total += math.log(1 + sum(math.exp(m) for m in margin)) / 4
        total += regularisation * (dot(anchor, anchor) + dot(second[i], second[i])) / 2 / 4
    found = NPairs(regularisation=regularisation).pair_loss(points(), LABELS)
    assert found.item() == pytest.approx(total)


def test_classes_with_one_image_have_no_pair():
    z, labels = points(), LABELS.clone()
    labels[10] = 4
    kept = torch.tensor([0, 1, 2, 3, 4, 5])
    expected = NPairs().pair_loss(z[kept], labels[kept])
    torch.testing.assert_close(NPairs().pair_loss(z, labels), expected)
    assert NPairs().pair_loss(z, torch.arange(12)).item() == 0
    assert every_gradient_is_finite(NPairs(), z, torch.arange(12))


def test_lengths_count():
    z = points()
    assert NPairs().pair_loss(z, LABELS).item() != pytest.approx(NPairs().pair_loss(2 * z, LABELS).item())
