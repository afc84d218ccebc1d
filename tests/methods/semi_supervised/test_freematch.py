"""FreeMatch's averages, thresholds and fairness by loops over several steps; limits and state."""

import copy
import math

import pytest
import torch

from pipeline.methods.semi_supervised.fixmatch import FixMatch
from pipeline.methods.semi_supervised.freematch import FreeMatch
from tests.kit.losses import cross_entropy, softmax
from tests.kit.methods import made, unlabelled
from tests.kit.semi_supervised import fixed_steps

STREAM = unlabelled(("full", "strong"))


def draws(steps, size=20):
    torch.manual_seed(7)
    return [2 * torch.randn(2, size, 3, dtype=torch.float64) + torch.tensor([1.0, 0.0, -0.5]) for _ in range(steps)]


def scaled(values):
    return [value / sum(values) for value in values]


@pytest.mark.parametrize("local", [True, False])
def test_against_loops(local):
    method = made(FreeMatch, momentum=0.8, fairness_weight=0.05, class_thresholds=local).double()
    sureness, p, h, partly = 1 / 3, [1 / 3] * 3, [1 / 3] * 3, 0
    for weak, strong in draws(10):
        rows = [softmax(z) for z in weak.tolist()]
        size = len(rows)
        sureness = 0.8 * sureness + 0.2 * sum(max(q) for q in rows) / size
        p = [0.8 * p[c] + 0.2 * sum(q[c] for q in rows) / size for c in range(3)]
        h = [0.8 * h[c] + 0.2 * sum(q.index(max(q)) == c for q in rows) / size for c in range(3)]
        total, used = 0.0, []
        for q, z in zip(rows, strong.tolist(), strict=True):
            c = q.index(max(q))
            if q[c] >= sureness * (p[c] / max(p) if local else 1):
                total += cross_entropy(z, c) / size
                used.append(softmax(z))
        share = [sum(q.index(max(q)) == c for q in used) / len(used) for c in range(3)]
        mean = [sum(q[c] for q in used) / len(used) for c in range(3)]
        a = scaled([x / y for x, y in zip(p, h, strict=True)])
        b = scaled([x / y if y else 0.0 for x, y in zip(mean, share, strict=True)])
        fairness = sum(x * math.log(y + 1e-12) for x, y in zip(a, b, strict=True))
        partly += 0 < len(used) < size
        assert method.unlabelled_loss(STREAM, weak, strong).item() == pytest.approx(total + 0.05 * fairness, rel=1e-9)
    assert partly > 3
    assert [*method.probabilities.tolist(), method.sureness.item()] == pytest.approx([*p, sureness], rel=1e-7)
    assert method.histogram.tolist() == pytest.approx(h, rel=1e-7)


def test_against_the_authors_code():
    """Six steps of microsoft/Semi-supervised-learning (algorithms/freematch), where six to eight images are used."""
    method = made(FreeMatch, momentum=0.7, fairness_weight=0.05).double()
    losses = [method.unlabelled_loss(*step).item() for step in fixed_steps(16)]
    expected = [1.8131230408279446, 1.5466432024272632, 1.8692457864645422]
    expected += [1.521920648569321, 1.0266408637120417, 1.4294368203368104]
    assert losses == pytest.approx(expected, rel=1e-6)
    assert method.probabilities.tolist() == pytest.approx([0.4522311967, 0.2764824595, 0.2712863473], rel=1e-6)
    assert method.histogram.tolist() == pytest.approx([0.4584153345, 0.2532442095, 0.2883404595], rel=1e-6)
    assert method.sureness.item() == pytest.approx(0.8224440720132611, rel=1e-6)


def test_a_class_that_no_image_is_of_adds_nothing_to_the_gradient():
    method = made(FreeMatch).double()
    used = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]], dtype=torch.float64, requires_grad=True)
    method.fairness(used).backward()
    assert used.grad.isfinite().all() and not used.grad[:, 2].any() and used.grad[:, :2].all()


def test_averages_that_stand_still_are_a_threshold_of_one_over_k():
    """Which every image reaches: FixMatch without a threshold, where fairness has no weight."""
    method, every = made(FreeMatch, momentum=1.0, fairness_weight=0.0), made(FixMatch, threshold=0.0)
    for weak, strong in draws(3):
        assert method.unlabelled_loss(STREAM, weak, strong) == every.unlabelled_loss(STREAM, weak, strong) > 0


def test_classes_predicted_alike_have_one_threshold():
    method = made(FreeMatch)
    method.sureness.fill_(0.9)
    logits = torch.randn(50, 3) * 4
    confidence = logits.softmax(1).amax(1)
    assert torch.equal(method.assign(logits)[1], confidence >= 0.9)
    method.probabilities.copy_(torch.tensor([0.5, 0.25, 0.25]))
    rarer = logits.argmax(1) > 0
    assert torch.equal(method.assign(logits)[1], confidence >= torch.where(rarer, 0.45, 0.9))


def test_weak_views_have_no_gradient():
    weak, strong = (torch.randn(12, 3, requires_grad=True) for _ in range(2))
    made(FreeMatch).unlabelled_loss(STREAM, weak, strong).backward()
    assert weak.grad is None and strong.grad.any()


def test_a_run_goes_on_from_its_state():
    steps = draws(8)
    whole, first = made(FreeMatch, momentum=0.8), made(FreeMatch, momentum=0.8)
    losses = [whole.unlabelled_loss(STREAM, *step) for step in steps]
    for step in steps[:4]:
        first.unlabelled_loss(STREAM, *step)
    resumed = made(FreeMatch, momentum=0.8, seed=9)
    resumed.load_state_dict(copy.deepcopy(first.state_dict()))
    assert [resumed.unlabelled_loss(STREAM, *step) for step in steps[4:]] == losses[4:]


def test_by_default_as_in_the_authors_code():
    method = FreeMatch()
    assert (method.unlabelled_ratio, method.momentum, method.fairness_weight) == (7, 0.999, 0.001)
    assert method.class_thresholds and method.streams == {"unlabelled": ("full", "strong")}
