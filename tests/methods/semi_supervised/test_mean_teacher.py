"""Mean Teacher by loops; where the teacher is after several steps; that the authors' formulas give the same."""

import copy

import pytest
import torch

from pipeline.methods.semi_supervised.mean_teacher import MeanTeacher
from tests.kit.losses import softmax
from tests.kit.methods import SIZE, made, step
from tests.kit.semi_supervised import STRONG, WEAK, at_the_end, data, double, logits_of


def test_against_loops():
    method = at_the_end(MeanTeacher, unlabelled_weight=1.0).double()
    step(method, double(data(MeanTeacher, ratio=3)))
    given = double(data(MeanTeacher, ratio=3, seed=8))
    stream = given["unlabelled"].views
    with torch.no_grad():
        encoder, head = copy.deepcopy(method.teacher)
        taught = head(encoder(torch.cat([given.views[0], stream[0]])))[SIZE:]
    labelled, _, own = logits_of(method, given)
    want = 0.0
    for z, other in zip(own.tolist(), taught.tolist(), strict=True):
        want += sum((p - q) ** 2 for p, q in zip(softmax(z), softmax(other), strict=True)) / 3 / (3 * SIZE)
    found = method.loss(given) - torch.nn.functional.cross_entropy(labelled, given.labels)
    assert want > 0 and found.item() == pytest.approx(want, rel=1e-9)


def test_the_teacher_is_a_plain_mean_at_first_and_then_an_exponential_one():
    method = at_the_end(MeanTeacher, momentum=0.75)
    weights = [method.head.weight.detach().clone()]
    for number in range(6):
        step(method, data(MeanTeacher, seed=number))
        weights.append(method.head.weight.detach().clone())
        if number == 2:
            torch.testing.assert_close(method.teacher[1].weight, torch.stack(weights).mean(0))
            want = torch.stack(weights).mean(0)
        elif number > 2:
            want = 0.75 * want + 0.25 * weights[-1]
    torch.testing.assert_close(method.teacher[1].weight, want)
    assert not method.teacher[1].weight.requires_grad


def test_without_memory_the_teacher_is_the_network_itself():
    method = at_the_end(MeanTeacher, momentum=0.0)
    for number in range(3):
        step(method, data(MeanTeacher, seed=number))
    assert all(
        torch.equal(a, b) for a, b in zip(method.teacher.parameters(), method.followed().parameters(), strict=True)
    )


def test_resumed_is_uninterrupted():
    straight = at_the_end(MeanTeacher)
    for number in range(2):
        step(straight, data(MeanTeacher, seed=number))
    resumed = at_the_end(MeanTeacher, seed=9)
    resumed.load_state_dict(straight.state_dict())
    for method in (straight, resumed):
        for number in range(2, 4):
            step(method, data(MeanTeacher, seed=number))
    found = resumed.state_dict()
    assert all(torch.equal(value, found[name]) for name, value in straight.state_dict().items())


def test_the_ramp():
    method = made(MeanTeacher)
    values = []
    for method.progress in (0.0, 0.1, 0.4, 0.8):
        values.append(method.ramp())
    assert values == pytest.approx([0, 0.25, 1, 1])
    assert made(MeanTeacher, ramp_end=0.0).ramp() == 1


def test_all_inputs_count_alike():
    classes, weights = made(MeanTeacher).assign(torch.tensor([[0.0, 1.0, 0.5], [0.2, 0.1, 0.1]]))
    assert classes.tolist() == [1, 0] and weights.tolist() == [1, 1]


def test_against_the_authors_code(monkeypatch):
    """softmax_mse_loss of CuriousAI/mean-teacher (pytorch/mean_teacher/losses.py), over the number of inputs."""
    method, given = at_the_end(MeanTeacher), data(MeanTeacher)
    monkeypatch.setattr(method, "taught", lambda batch: (None, torch.cat([torch.zeros(SIZE, 3), WEAK])))
    found = method.stream_loss(given, None, WEAK, STRONG).item()
    assert found == pytest.approx(AUTHORS, rel=1e-12)


AUTHORS = 0.1974730333657515
