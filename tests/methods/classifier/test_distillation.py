"""Soft and hard targets by loops; cross-entropy, matched logits and a perfect student as limits; a still teacher."""

import math

import pytest
import torch
from torch.nn.functional import one_hot

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.classifier.distillation import Distillation
from tests.kit.classifiers import member, trained_base
from tests.kit.losses import log_softmax, soft_cross_entropy
from tests.kit.methods import SIZE, batch, classifier, step

K = 3


def distilled(temperature=1.0, beta=1.0):
    return member(Distillation, temperature=temperature, beta=beta)


@pytest.mark.parametrize("temperature, beta", [(1.0, 1.0), (3.0, 0.6), (0.5, 0.9)])
def test_distillation_against_loops(temperature, beta):
    method, data = distilled(temperature, beta), batch(("full",))
    teacher = trained_base()
    taught = teacher.logits(teacher.encoder(data.views[0])).double().tolist()
    student = method.logits(method.encoder(data.views[0])).detach().double()
    targets = [[math.exp(v) for v in log_softmax([v / temperature for v in row])] for row in taught]
    soft = soft_cross_entropy(student / temperature, torch.tensor(targets))
    want = (1 - beta) * soft_cross_entropy(student, one_hot(data.labels, K)) + beta * temperature**2 * soft
    assert method.loss(data).item() == pytest.approx(want, rel=1e-5)


def test_with_beta_0_it_is_cross_entropy():
    data = batch(("full",))
    torch.testing.assert_close(distilled(2.0, 0.0).loss(data), classifier(CrossEntropy).loss(data))


def test_a_student_that_says_what_its_teacher_says_has_learnt_all():
    method, data = distilled(4.0), batch(("full",))
    method.encoder.load_state_dict(method.teacher.encoder.state_dict())
    method.head.load_state_dict(method.teacher.head.state_dict())
    method.eval().loss(data).backward()
    assert max(p.grad.abs().max() for p in (*method.encoder.parameters(), *method.head.parameters())) < 1e-6


def test_at_a_high_temperature_it_matches_centred_logits():
    """T^2 keeps the gradient's size: in the limit it is (z - v) / K without its mean (Hinton et al. 2015)."""
    method, z = distilled(1000.0).double(), torch.randn(SIZE, K, dtype=torch.float64, requires_grad=True)
    method.logits = lambda features: z
    data = batch(("full",))
    data.views = [data.views[0].double()]
    method.loss(data).backward()
    apart = (z - method.teacher.logits(method.teacher.encoder(data.views[0]))).detach()
    want = (apart - apart.mean(1, keepdim=True)) / (K * SIZE)
    torch.testing.assert_close(z.grad, want, rtol=1e-2, atol=1e-5)


def test_the_teacher_stays_as_it_was():
    method, teacher = distilled(), trained_base()
    method.train()
    assert method.encoder.training and not any(module.training for module in method.teacher.modules())
    for number in range(2):
        step(method, batch(("full",), seed=number))
    for name, value in method.teacher.state_dict().items():
        assert torch.equal(value, teacher.state_dict()[name]), name
    assert all(p.grad is None for p in method.teacher.parameters())
    assert all(p.grad is not None for p in (*method.encoder.parameters(), *method.head.parameters()))
