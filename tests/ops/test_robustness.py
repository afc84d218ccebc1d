"""An image counts as right under attack if it is right both before and after."""

import torch

from pipeline.ops.robustness import robust_top1


def test_right_before_and_after_at_each_radius():
    labels, clean = torch.tensor([0, 1, 2, 2]), torch.tensor([0, 1, 2, 0])
    attacked = {0.05: torch.tensor([0, 1, 0, 2]), 0.1: torch.tensor([0, 0, 0, 0]), 1.0: torch.tensor([1, 0, 0, 2])}
    found = robust_top1(clean, attacked, labels, 0.1)
    assert {name: values.tolist() for name, values in found.items()} == {
        "": [100, 0, 0, 0], "0_05": [100, 100, 0, 0], "0_1": [100, 0, 0, 0], "1": [0, 0, 0, 0]}  # fmt: skip
