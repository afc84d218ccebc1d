"""Errors as images are rejected, by loops."""

import pytest
import torch

from pipeline.ops import rejection, retrieval


@pytest.fixture
def data():
    make = torch.Generator().manual_seed(0)
    labels = torch.randint(6, (83,), generator=make)
    z = torch.randn(6, 4, generator=make)[labels] + torch.randn(83, 4, generator=make)
    return retrieval.among(z), labels, torch.randn(83, generator=make)


def test_by_loops(data):
    similarities, labels, qualities = data
    order = sorted(range(83), key=lambda i: qualities[i].item())
    wanted = []
    for share in torch.linspace(0, 0.3, 31, dtype=torch.float64).tolist():
        kept = order[int(share * 83) :]
        pairs = [(i, j) for i in kept for j in kept if i < j and labels[i] == labels[j]]
        wanted.append(sum(similarities[i, j].item() <= 0.5 for i, j in pairs) / len(pairs))
    assert rejection.errors(similarities, labels, 0.5, qualities).tolist() == pytest.approx(wanted)


def test_to_reject_what_fails_first_helps_and_the_last_harms(data):
    similarities, labels, _ = data
    wrong = ((similarities <= 0.5) & (labels[:, None] == labels)).sum(1)
    good, bad = (rejection.errors(similarities, labels, 0.5, sign * wrong.double()) for sign in (-1, 1))
    assert good[0] == bad[0] and rejection.mean_error(good) < 100 * float(good[0]) < rejection.mean_error(bad)


def test_the_mean_of_a_constant_and_of_a_ramp():
    assert rejection.mean_error(torch.full((31,), 0.2)) == pytest.approx(20)
    assert rejection.mean_error(torch.linspace(0, 1, 31)) == pytest.approx(50)
