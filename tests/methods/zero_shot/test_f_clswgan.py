"""A generative network of features: both losses by loops, whose turn it is, and what beta adds."""

import pytest
import torch
import torch.nn.functional as F

from pipeline.contract import Batch
from pipeline.methods.zero_shot.f_clswgan import FCLSWGAN
from tests.kit.zero_shot import ATTRIBUTES, SEEN, built


def leaky(v):
    return torch.where(v > 0, v, 0.2 * v)


def made_of(method, noise, labels):
    first, last = method.generator[0], method.generator[2]
    rows = []
    for z, y in zip(noise, labels.tolist(), strict=True):
        h = leaky(first.weight @ torch.cat([z, ATTRIBUTES[y].double()]) + first.bias)
        rows.append((last.weight @ h + last.bias).clamp_min(0))
    return torch.stack(rows)


def judged_by(method, x, y):
    first, last = method.critic[0], method.critic[2]
    h = leaky(first.weight @ torch.cat([x, ATTRIBUTES[y].double()]) + first.bias)
    return (last.weight @ h + last.bias).squeeze()


def slope_of(method, x, y):
    """The critic's gradient written out: W1^T (s . w2), s the leaky ReLUs' slopes."""
    first, last = method.critic[0], method.critic[2]
    h = first.weight @ torch.cat([x, ATTRIBUTES[y].double()]) + first.bias
    return (first.weight.T @ (torch.where(h > 0, 1.0, 0.2) * last.weight.squeeze(0)))[: len(x)]


def test_the_critics_loss_by_loops():
    method = built(FCLSWGAN, hidden=9)
    x, labels = method.stored[:5], method.given[:5]
    torch.manual_seed(6)
    noise = torch.randn(5, 4, dtype=torch.float64)
    share = torch.rand(5, 1, dtype=torch.float64)
    made, total = made_of(method, noise, labels), 0.0
    for i, y in enumerate(labels.tolist()):
        between = share[i] * x[i] + (1 - share[i]) * made[i]
        total += judged_by(method, made[i], y) - judged_by(method, x[i], y)
        total += 10 * (slope_of(method, between, y).norm() - 1) ** 2
    torch.manual_seed(6)
    torch.testing.assert_close(method.critic_loss(x, labels), total / 5)


@pytest.mark.parametrize("beta", [0.0, 0.01, 0.5])
def test_the_generators_loss_by_loops(beta):
    method = built(FCLSWGAN, hidden=9, beta=beta)
    labels = method.given[:5]
    torch.manual_seed(6)
    made, total = made_of(method, torch.randn(5, 4, dtype=torch.float64), labels), 0.0
    head = method.classifier.head
    for row, y in zip(made, labels.tolist(), strict=True):
        logits = (head.weight @ (row * method.scale + method.shift) + head.bias)[:SEEN]
        total += -judged_by(method, row, y) - beta * (logits[y] - logits.logsumexp(0))
    torch.manual_seed(6)
    torch.testing.assert_close(method.generator_loss(method.stored[:5], labels), total / 5)


def test_labels_of_unseen_classes_are_left_out_of_the_classification_term():
    """With a few images of these a batch may have them, or have nothing else."""
    method = built(FCLSWGAN, hidden=9, beta=0.5)
    real = method.stored[:3]
    values = []
    for labels, beta in (([1, SEEN, 4], 0.5), ([1, SEEN, 4], 0.0), ([SEEN, SEEN + 1, SEEN + 2], 0.5)):
        method.beta = beta
        torch.manual_seed(6)
        values.append(float(method.generator_loss(real, torch.tensor(labels))))
    torch.manual_seed(6)
    made, head = (
        made_of(method, torch.randn(3, 4, dtype=torch.float64), torch.tensor([1, SEEN, 4])),
        method.classifier.head,
    )
    logits = ((made * method.scale + method.shift) @ head.weight.T + head.bias)[:, :SEEN].log_softmax(1)
    assert values[0] - values[1] == pytest.approx(-0.5 * float(logits[0, 1] + logits[2, 4]) / 2)
    assert values[2] == values[2], "a number"


def test_the_generator_takes_every_fifth_step_and_the_frozen_classifier_none():
    method = built(FCLSWGAN, double=False, hidden=9)
    optimizers = method.optimizers(lambda part: torch.optim.Adam(part.parameters(), lr=0.01), 0)
    assert all(group["betas"] == (0.5, 0.999) for each in optimizers for group in each.param_groups)
    moved, frozen = [], [p.clone() for p in method.classifier.parameters()]
    for step in range(11):
        before = [[p.clone() for p in part.parameters()] for part in (method.critic, method.generator)]
        method.step(Batch([], method.given[:8], torch.arange(8)), optimizers, 0)
        after = [list(part.parameters()) for part in (method.critic, method.generator)]
        changed = [
            any(not torch.equal(a, b) for a, b in zip(*pair, strict=True)) for pair in zip(before, after, strict=True)
        ]
        moved.append(changed)
        assert changed[0], step
    assert [step for step, (_, generator) in enumerate(moved) if generator] == [4, 9]
    assert all(torch.equal(a, b) for a, b in zip(frozen, method.classifier.parameters(), strict=True))


def test_losses_leave_the_other_network_alone():
    method = built(FCLSWGAN, hidden=9)
    method.critic_loss(method.stored[:5], method.given[:5]).backward()
    assert all(p.grad is None for p in method.generator.parameters())


def test_made_features_are_recognised_only_with_the_classification_term():
    errors = []
    for beta in (5.0, 0.0):
        method = built(FCLSWGAN, double=False, hidden=32, beta=beta)
        optimizers = method.optimizers(lambda part: torch.optim.Adam(part.parameters(), lr=0.005), 0)
        torch.manual_seed(0)
        for _ in range(200):
            method.step(Batch([], method.given, torch.arange(40)), optimizers, 0)
        labels = torch.arange(SEEN).repeat(40)
        logits = method.classifier.logits(method.make(labels) * method.scale + method.shift)[:, :SEEN]
        errors.append(float(F.cross_entropy(logits, labels)))
    assert errors[0] < errors[1] - 0.1


def test_the_nearest_mean_of_real_or_made_features_may_answer():
    method = built(FCLSWGAN, hidden=9, final="nearest_mean")
    with torch.no_grad():
        method.start_phase(1, None)
    for label in range(SEEN):
        torch.testing.assert_close(method.means[label], method.stored[method.given == label].mean(0))
    scores = method.logits(method.stored[:3])
    for i in range(3):
        for c in range(8):
            assert float(scores[i, c]) == pytest.approx(-float((method.stored[i] - method.means[c]).norm()))
