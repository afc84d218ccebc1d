"""The ceiling is the baseline with more labels."""

import torch

from pipeline.methods.few_shot.baseline import Baseline
from pipeline.methods.few_shot.many_shot import ManyShot
from tests.kit.few_shot import episodes


def test_it_is_the_baseline_with_every_shot():
    given = episodes()[:3]
    assert torch.equal(ManyShot().classify(*given), Baseline().classify(*given))
    assert ManyShot.every_shot and ManyShot.told and not Baseline.every_shot
