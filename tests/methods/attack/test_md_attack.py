"""The turn from terms to margin, and a network whose terms are imbalanced; loops are in tests/ops."""

import pytest
import torch

from pipeline.methods.attack.cw_pgd import CWPGD
from pipeline.methods.attack.md_attack import MDAttack
from pipeline.ops.balls import Linf
from pipeline.ops.margin_decomposition import MarginDecomposition
from tests.kit.attacks import INPUTS, Watched, left, seeded, setup


@pytest.mark.parametrize(
    "steps, change, turn", [(50, 0.4, 20), (25, 0.4, 10), (100, 0.5, 50), (4, 0.9, 3), (9, 0.0, 0)]
)
def test_stages(steps, change, turn):
    ball = Linf(0.1)
    assert MDAttack(steps=steps, change=change).attack(ball) == MarginDecomposition(ball, steps, turn)


def test_it_costs_two_ascents_of_what_stands_and_finds_more_with_both():
    net, views, labels = setup(10)
    watched = Watched(net)
    found = MDAttack(steps=8).attack(Linf(0.02))(watched, views, labels, INPUTS, seeded())
    assert 9 * len(views) <= watched.passes <= 18 * len(views)
    assert left(net, found, labels) <= left(net, views, labels)


def test_where_a_dominant_term_leads_astray_a_single_term_gets_through():
    """z_y has a steep ripple that leads nowhere, and z_t a gentle slope across the boundary."""

    def net(x):
        along, ripple = x[:, 0, 0, 0], x[:, 0, 0, 0] * 400
        true = 0.2 + 0.02 * torch.sin(ripple)
        other = 3.0 * along
        return torch.stack([true, other, torch.full_like(true, -9.0)], 1)

    views = (torch.linspace(-0.02, 0.02, 60, dtype=torch.float64)[:, None, None, None]).expand(60, 1, 8, 8).contiguous()
    labels = torch.zeros(60, dtype=torch.long)
    ball = Linf(0.08 * 0.3)
    by_margin, by_terms = (
        left(net, attack.attack(ball)(net, views, labels, INPUTS, seeded()), labels)
        for attack in (CWPGD(steps=16, step_size=0.125), MDAttack(steps=8, change=0.5))
    )
    assert by_terms < by_margin
