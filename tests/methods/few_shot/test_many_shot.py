"""The ceiling is the baseline with more labels."""

import torch

from pipeline.methods.few_shot.baseline_linear import BaselineLinear
from pipeline.methods.few_shot.many_shot import ManyShot
from tests.kit.few_shot import episodes


def test_it_is_the_baseline_with_every_shot():
    given = episodes()[:3]
    found, usual = (method.classify(*given).softmax(2) for method in (ManyShot(), BaselineLinear()))
    torch.testing.assert_close(found, usual, atol=2e-2, rtol=0.0)
    assert ManyShot.every_shot and ManyShot.told and not BaselineLinear.every_shot
