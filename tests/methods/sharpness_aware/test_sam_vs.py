"""The slope of the vector-scaling loss, written out here, where SAM's ascent has moved the weights; its radius."""

import math

import pytest

from pipeline.methods.sharpness_aware.sam_vs import SAMVS
from tests.kit.classifiers import COUNTS, FIVE, check_sharp, doubled, five_classes
from tests.kit.losses import cross_entropy, rows
from tests.kit.methods import made


def test_sam_vs_steps_by_the_slope_at_the_worst_point():
    method = made(SAMVS, batch_norm=False, context=FIVE).double()
    assert method.rho == 0.5
    check_sharp(method, doubled(five_classes()))


def test_it_reports_the_vector_scaling_loss_before_it_climbs():
    method, data = made(SAMVS, context=FIVE), five_classes()
    scales = [(n / max(COUNTS)) ** 0.3 for n in COUNTS]
    shifts = [math.log(n / sum(COUNTS)) for n in COUNTS]
    total = 0.0
    for z, y in rows(method.logits(method.encoder(data.views[0])), data.labels):
        total += cross_entropy([s * v + i for s, v, i in zip(scales, z, shifts, strict=True)], y)
    assert method.backward(data).item() == pytest.approx(total / len(data.labels), rel=1e-5)
