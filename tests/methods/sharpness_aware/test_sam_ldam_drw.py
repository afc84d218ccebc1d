"""The slope of LDAM, before and after weights enter, where SAM's ascent has moved the weights; its radius."""

import pytest
import torch
from torch import nn
from torch.nn.functional import linear, normalize

from pipeline.methods.balanced.ldam_drw import LDAMDRW
from pipeline.methods.sharpness_aware.sam_ldam_drw import SAMLDAMDRW
from tests.kit.classifiers import FIVE, check_sharp, doubled, five_classes
from tests.kit.methods import made


class Cosines(nn.Linear):
    """In the precision of the features, where the pipeline's are in float32."""

    def forward(self, features):
        return linear(normalize(features), normalize(self.weight))


@pytest.mark.parametrize("progress", [0.5, 0.9])
def test_sam_ldam_drw_steps_by_the_slope_at_the_worst_point(progress):
    method = made(SAMLDAMDRW, batch_norm=False, context=FIVE, scale=3.0)
    method.head = Cosines(*reversed(method.head.weight.shape), bias=False)
    method.progress = progress
    assert method.rho == 0.8
    check_sharp(method.double(), doubled(five_classes()))


@pytest.mark.parametrize("progress", [0.5, 0.9])
def test_it_reports_ldams_loss(progress):
    method, flat = made(SAMLDAMDRW, context=FIVE), made(LDAMDRW, context=FIVE)
    method.progress = flat.progress = progress
    torch.testing.assert_close(method.backward(five_classes()), flat.loss(five_classes()))
