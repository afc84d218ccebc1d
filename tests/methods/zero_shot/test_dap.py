"""Attributes one by one: the posterior by loops over attributes, with their frequencies."""

import math

import torch

from pipeline.methods.zero_shot.dap import DAP
from tests.kit.zero_shot import ATTRIBUTES, SEEN, built


def test_scores_are_log_posteriors_up_to_a_term_that_classes_share():
    method = built(DAP)
    x = method.stored[:3]
    found = method.logits(x)
    for i in range(3):
        expected = []
        for a in ATTRIBUTES.tolist():
            total = 0.0
            for m, has in enumerate(a):
                p = 1 / (1 + math.exp(-float(method.predict(x[i])[m])))
                prior = float(ATTRIBUTES[:SEEN, m].mean())
                total += math.log((p if has else 1 - p) / (prior if has else 1 - prior))
            expected.append(total)
        gap = found[i] - torch.tensor(expected, dtype=torch.float64)
        assert float(gap.max() - gap.min()) < 1e-5


def test_the_loss_is_that_of_each_attribute():
    method = built(DAP)
    x, labels = method.stored[:4], method.given[:4]
    total = 0.0
    for i in range(4):
        for m in range(4):
            z = float(method.predict(x[i])[m])
            total += math.log1p(math.exp(-z if ATTRIBUTES[labels[i], m] else z))
    assert abs(float(method.objective(x, labels)) - total / 16) < 1e-10


def test_attributes_that_are_right_name_their_class_and_an_attribute_of_all_classes_tells_nothing():
    method = built(DAP)
    prior = ATTRIBUTES[:SEEN].mean(0).double()
    with torch.no_grad():
        method.predict.weight.zero_()
        for place, own in enumerate(ATTRIBUTES.double()):
            method.predict.bias.copy_(prior.logit() + 5 * (2 * own - 1))
            assert int(method.logits(method.stored[:1]).argmax()) == place
        scores = method.logits(method.stored[:1])
        method.attributes[:, 0] = 1.0
        method.predict.bias[0] = -40.0
        shared = method.logits(method.stored[:1])
        method.predict.bias[0] = 40.0
    torch.testing.assert_close(method.logits(method.stored[:1]) - shared, torch.full_like(shared, 80.0))
    assert not torch.equal(scores, shared)


def test_an_attribute_of_all_seen_classes_gives_finite_scores():
    method = built(DAP)
    method.attributes[:, 0] = 1.0
    assert method.logits(method.stored).isfinite().all()
