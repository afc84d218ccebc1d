"""Modes in place of means."""

import torch

from pipeline.methods.few_shot.slk_means import SLKMeans
from pipeline.methods.few_shot.slk_ms import SLKMS
from tests.kit.few_shot import episodes, looked, turned


def test_with_a_wide_kernel_modes_are_means():
    method, given = looked(SLKMS(bandwidth=1e6, lam=0.0, rounds=1)), episodes()[:3]
    means = looked(SLKMeans(lam=0.0, rounds=1)).classify(*given).argmax(2)
    assert (method.classify(*given).argmax(2) == means).float().mean() > 0.9


def test_a_mode_stays_where_points_are_densest_and_episodes_do_not_touch():
    method = SLKMS(shifts=50)
    method.variance = torch.full((1, 1, 1), 0.05)
    points = torch.tensor([[[0.0, 0.0], [0.1, 0.0], [0.0, 0.1], [3.0, 3.0]]])
    mode = method.prototypes(points, torch.ones(1, 4, 1), torch.tensor([[[0.3, 0.3]]]), torch.tensor([0]))
    assert mode.norm() < 0.15 and turned(looked(SLKMS(lam=0.5)))
