"""FST-W against a slow simulation; with one virtual step on the real step's batch it is FST-D."""

import copy
import dataclasses

import pytest
import torch

from pipeline.methods.semi_supervised.fst_d import FSTD
from pipeline.methods.semi_supervised.fst_w import FSTW, parts
from tests.kit.methods import made, step
from tests.kit.semi_supervised import data, double
from tests.methods.semi_supervised.test_fst_d import RATE, follow, moved


@pytest.mark.parametrize("ahead", [1, 3])
def test_two_steps_against_copies(ahead):
    method = made(FSTW, batch_norm=False, steps_ahead=ahead, momentum=0.7, threshold=0.36).double()
    theta = copy.deepcopy(method.student())
    phi, moves = copy.deepcopy(theta), 1
    for seed in range(2):
        given = double(data(FSTW, seed=seed))
        *virtual, real = parts(given, ahead + 1)
        futures = [moved(theta, part, phi, 0.36) for part in virtual]
        mean = copy.deepcopy(theta)
        for values in zip(mean.parameters(), *[future.parameters() for future in futures], strict=True):
            values[0].data = sum(value.data for value in values[1:]) / ahead
        follow(phi, mean, min(moves / (moves + 1), 0.7))
        theta = moved(theta, real, phi, 0.36)
        follow(phi, theta, min((moves + 1) / (moves + 2), 0.7))
        moves += 2
        step(method, given, RATE)
        for found, want in zip(method.student().parameters(), theta.parameters(), strict=True):
            torch.testing.assert_close(found, want)
        for found, want in zip(method.teacher.parameters(), phi.parameters(), strict=True):
            torch.testing.assert_close(found.data, want.data)
    assert int(method.moves) == moves


def twice(of):
    """The batch, and itself once more behind."""
    return dataclasses.replace(
        of,
        views=[torch.cat([view, view]) for view in of.views],
        labels=torch.cat([of.labels, of.labels]),
        indices=torch.cat([of.indices, of.indices]),
        streams={name: twice(stream) for name, stream in of.streams.items()},
    )


def test_one_branch_on_the_real_steps_batch_is_fst_d():
    deep = made(FSTD, steps_ahead=1, momentum=0.7, threshold=0.0)
    wide = made(FSTW, steps_ahead=1, momentum=0.7, threshold=0.0)
    for method, moves in ((deep, 5), (wide, 6)):  # the deep one's first move is to where the teacher is already
        method.moves.fill_(moves)
    for seed in range(3):
        given = data(FSTD, seed=seed)
        torch.testing.assert_close(step(wide, twice(given)), step(deep, given))
    for found, want in zip(wide.student().state_dict().values(), deep.student().state_dict().values(), strict=True):
        torch.testing.assert_close(found, want)


def test_branches_have_batches_of_their_own():
    assert made(FSTW, unlabelled_ratio=2).stream_sizes(5) == {"train": 20, "unlabelled": 40}
    given = data(FSTW)
    found = parts(given, 4)
    assert [len(part.labels) for part in found] == [3] * 4 and [len(part["unlabelled"].labels) for part in found] == [
        6
    ] * 4
    assert torch.equal(torch.cat([part["unlabelled"].views[1] for part in found]), given["unlabelled"].views[1])
    assert torch.equal(torch.cat([part.labels for part in found]), given.labels)
