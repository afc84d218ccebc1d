"""FST-D against a slow simulation with copies; its limits are FixMatch and a mean teacher; virtual steps are undone."""

import copy

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.semi_supervised.fixmatch import FixMatch
from pipeline.methods.semi_supervised.fst_d import FSTD
from tests.kit.methods import made, step
from tests.kit.semi_supervised import data, double

RATE = 0.1


def slow_loss(student, teacher, given, threshold):
    """L_s + s L_u of (encoder, head) pairs, unlabelled images one by one."""
    weak, strong = given["unlabelled"].views
    views = [given.views[0], weak, strong]
    logits = student[1](student[0](torch.cat(views))).split([len(view) for view in views])
    q = teacher[1](teacher[0](weak)).softmax(1).tolist()
    share = sum(max(row) >= threshold for row in q) / len(q)
    labels = [row.index(max(row)) for row in q]
    each = [F.cross_entropy(z, torch.tensor(label)) for z, label in zip(logits[2], labels, strict=True)]
    return F.cross_entropy(logits[0], given.labels) + share * sum(each) / len(each)


def moved(student, given, teacher, threshold):
    """A copy of the student one gradient step on."""
    slow_loss(student, teacher, given, threshold).backward()
    after = copy.deepcopy(student)
    with torch.no_grad():
        for new, old in zip(after.parameters(), student.parameters(), strict=True):
            new -= RATE * old.grad
            old.grad = None
    return after


def follow(teacher, student, momentum):
    for phi, theta in zip(teacher.parameters(), student.parameters(), strict=True):
        phi.data = momentum * phi.data + (1 - momentum) * theta.data


@pytest.mark.parametrize("ahead", [0, 1, 3])
@pytest.mark.parametrize("threshold", [0.0, 0.36])
def test_three_steps_against_copies(ahead, threshold):
    method = made(FSTD, batch_norm=False, steps_ahead=ahead, momentum=0.7, threshold=threshold).double()
    theta = copy.deepcopy(method.student())
    phi, moves = copy.deepcopy(theta), 1
    for seed in range(3):
        given = double(data(FSTD, seed=seed))
        future = theta
        for place in range(ahead + 1):
            follow(phi, future, min(moves / (moves + 1), 0.7))
            moves += 1
            if place < ahead:
                future = moved(future, given, phi, threshold)
        theta = moved(theta, given, phi, threshold)
        step(method, given, RATE)
        for found, want in zip([*method.student().parameters()], [*theta.parameters()], strict=True):
            torch.testing.assert_close(found, want)
        for found, want in zip(method.teacher.parameters(), phi.parameters(), strict=True):
            torch.testing.assert_close(found.data, want.data)
    assert int(method.moves) == moves


def test_a_teacher_without_memory_that_looks_nowhere_is_fixmatch_with_every_label():
    method = made(FSTD, batch_norm=False, steps_ahead=0, momentum=0.0, threshold=0.0)
    other = made(FixMatch, batch_norm=False, threshold=0.0)
    for seed in range(3):
        given = data(FSTD, seed=seed)
        torch.testing.assert_close(step(method, given), step(other, given))
    for name, value in other.state_dict().items():
        torch.testing.assert_close(method.state_dict()[name], value)


def test_a_teacher_that_never_moves_sees_no_future():
    """phi = theta_0 with momentum 1, once its moves are many: virtual steps then change nothing at all."""
    states = []
    for ahead in (0, 3):
        method = made(FSTD, steps_ahead=ahead, momentum=1.0, threshold=0.0)
        method.moves.fill_(10**12)
        for seed in range(2):
            step(method, data(FSTD, seed=seed))
        states.append(method.student().state_dict())
    for name, value in states[0].items():
        torch.testing.assert_close(states[1][name], value)


def test_the_future_changes_the_labels_and_a_faster_teacher_changes_them_otherwise():
    """phi after K + 1 moves towards theta alone is not phi after moves along the virtual steps."""
    teachers = []
    for settings in ({"steps_ahead": 3, "momentum": 0.9}, {"steps_ahead": 0, "momentum": 0.9**4}):
        method = made(FSTD, threshold=0.0, **settings)
        method.moves.fill_(1000)
        for seed in range(3):
            step(method, data(FSTD, seed=seed), 0.5)
        teachers.append(torch.cat([p.flatten() for p in method.teacher.parameters()]))
    assert (teachers[0] - teachers[1]).norm() > 0.01 * teachers[1].norm()


def test_the_share_of_sure_labels_weights_all_of_them():
    method, given = made(FSTD, threshold=0.36, batch_norm=False), data(FSTD)
    weak, strong = given["unlabelled"].views
    encoder, head = method.teacher
    q = head(encoder(weak)).softmax(1)
    sure = q.amax(1) >= 0.36
    assert 0 < sure.sum() < len(sure)
    z = method.logits(method.encoder(strong))
    want = sure.float().mean() * F.cross_entropy(z, q.argmax(1))
    torch.testing.assert_close(method.unlabelled_loss(given["unlabelled"], z, z), want)


def test_by_default_as_in_the_authors_configuration():
    method = FSTD()
    assert (method.steps_ahead, method.momentum, method.threshold) == (3, 0.999, 0.968)
