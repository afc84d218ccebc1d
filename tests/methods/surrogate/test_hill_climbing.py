"""A search by a loop over designs with the same draws: it moves where it is thought to be better, and nowhere else."""

import torch

from pipeline.methods.surrogate.gradient_ascent import GradientAscent
from pipeline.methods.surrogate.hill_climbing import HillClimbing
from tests.kit.surrogates import alike, designs, surrogate, trained


def test_by_a_loop():
    method, starts = surrogate(HillClimbing), designs(5)
    path = method.search(starts, 6, 0.3, torch.Generator().manual_seed(4))
    draws, rows = torch.Generator().manual_seed(4), [row.clone() for row in starts]
    moves = 0
    for step in range(6):
        noise = torch.randn(5, 4, generator=draws).double()
        for i, row in enumerate(rows):
            moved = row + 0.3 * 4**0.5 * noise[i]
            if method.score(moved[None]).item() > method.score(row[None]).item():
                rows[i] = moved
                moves += 1
        torch.testing.assert_close(path[step + 1], torch.stack(rows))
    assert 0 < moves < 30


def test_it_is_trained_as_gradient_ascent_is():
    assert alike(trained(surrogate(HillClimbing)), trained(surrogate(GradientAscent)))
