"""Class vectors pair by pair against their bound, and the softmax of cosines by loops."""

import math

import pytest
import torch

from pipeline.methods.classifier.ebv import EBV, equiangular
from tests.kit.classifiers import embedded
from tests.kit.losses import cosines, cross_entropy
from tests.kit.methods import SIZE, batch, dot, made, step


@pytest.mark.parametrize("count, dim", [(10, 10), (10, 64), (100, 64), (100, 100), (7, 3)])
def test_equiangular_vectors_keep_their_bound(count, dim):
    torch.manual_seed(0)
    vectors = equiangular(count, dim, 0.002).double()
    bound = 0.002
    if count > dim:
        bound = 1.3 * math.sqrt((count - dim) / (dim * (count - 1)))
    worst = 0.0
    for i, a in enumerate(vectors.tolist()):
        assert dot(a, a) == pytest.approx(1.0, abs=1e-5)
        worst = max([worst, *(abs(dot(a, b)) for b in vectors[:i].tolist())])
    assert worst <= bound + 2e-4
    torch.manual_seed(0)
    torch.testing.assert_close(equiangular(count, dim, 0.002).double(), vectors)


def test_ebv_against_loops():
    method, features, labels = made(EBV, dim=4, temperature=0.2), embedded(SIZE), torch.arange(SIZE) % 3
    rows = cosines(method.head(features), method.vectors)
    want = sum(cross_entropy([v / 0.2 for v in row], y) for row, y in zip(rows, labels.tolist(), strict=True)) / SIZE
    assert method.objective(method.logits(features), labels).item() == pytest.approx(want, rel=1e-5)


def test_it_trains_all_but_its_class_vectors_and_keeps_them():
    method = made(EBV)
    assert method.vectors.shape == (3, 3)
    assert "vectors" in method.state_dict() and not any("vectors" in name for name, _ in method.named_parameters())
    before = method.vectors.clone()
    assert step(method, batch(("full",))) > 0
    assert torch.equal(method.vectors, before)
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in method.head.parameters())
    assert not torch.equal(made(EBV, seed=2).vectors, before)
    images = batch(("full",)).views[0]
    torch.testing.assert_close(method.features(images), method.head(method.encoder(images)))
