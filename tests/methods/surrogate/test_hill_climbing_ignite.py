"""Trained as IGNITE is, searched as hill climbing does."""

import torch

from pipeline.methods.surrogate.hill_climbing import HillClimbing
from pipeline.methods.surrogate.hill_climbing_ignite import HillClimbingIgnite
from pipeline.methods.surrogate.ignite import Ignite
from tests.kit.surrogates import alike, designs, surrogate, trained


def test_it_has_the_training_of_one_and_the_search_of_the_other():
    ours = trained(surrogate(HillClimbingIgnite, penalty=0.7))
    assert alike(ours, trained(surrogate(Ignite, penalty=0.7)))
    other = surrogate(HillClimbing)
    other.load_state_dict(ours.state_dict(), strict=False)
    paths = [m.search(designs(4), 5, 0.2, torch.Generator().manual_seed(3)) for m in (ours, other)]
    assert torch.equal(paths[0][-1], paths[1][-1]) and not torch.equal(paths[0][-1], designs(4))
