"""The nearest neighbours score, by loops."""

import pytest
import torch

from pipeline.ops.neighbour_score import neighbour_score


def by_loops(points, labels, k, reach):
    n, near, far, counted = len(points), [], [], 0
    k, kept = min(k, n - 2), []
    for i in range(n):
        order = sorted((float((points[i] - points[j]).square().sum() + 1e-6) ** 0.5, j) for j in range(n) if j != i)
        rivals = [d for d, j in order[:reach] if labels[j] != labels[i]]
        ratios = [d / rivals[0] if rivals else 0.0 for d, _ in order[:k]]
        top = max(1.0, max(ratios))
        own = [r / top for r, (_, j) in zip(ratios, order, strict=False) if labels[j] == labels[i]]
        others = [d for d, j in order[:k] if labels[j] != labels[i]]
        near += [sum(own) / len(own)] if own else []
        kept.append(others)
        counted += len(own) / k
    most = max((d for of in kept for d in of), default=None)
    far = [sum(of) / len(of) / most for of in kept if of]
    lam = (1 - sum(near) / len(near) + (sum(far) / len(far) if far else 1.0)) / 2
    return (lam + counted / n) / 2


@pytest.mark.parametrize("spread", [0.1, 1.0, 3.0])
def test_against_loops(spread):
    make = torch.Generator().manual_seed(1)
    labels = torch.arange(4).repeat_interleave(5)
    points = torch.eye(4, 6)[labels].double() + spread * torch.randn(20, 6, generator=make).double()
    found = neighbour_score(points, labels, 4, 5)
    assert float(found) == pytest.approx(by_loops(points, labels.tolist(), 4, 5), abs=1e-5)
    assert 0 <= float(found) <= 1


def test_classes_in_one_place_each_score_higher_and_gradients_are_finite():
    labels = torch.arange(3).repeat_interleave(5)
    tight = (9 * torch.eye(3)[labels]).requires_grad_()
    loss = -neighbour_score(tight, labels, 4, 5).log()
    loss.backward()
    assert tight.grad.isfinite().all() and float(loss) < 0.1
