"""The step by loops; what is taken away is orthogonal to SAM's gradient; alpha = 0 is SAM."""

import math

from pytest import approx

from pipeline.methods.sharpness_aware.gsam import GSAM
from pipeline.methods.sharpness_aware.sam import SAM
from tests.kit.methods import dot
from tests.kit.slopes import close, gradient, plus, smooth, stepped, times


def test_the_step_by_loops():
    method, data = smooth(GSAM, rho=0.3, alpha=0.6)
    below = gradient(method, data)
    top = gradient(method, data, times(0.3 / math.sqrt(dot(below, below)), below))
    aside = [g - dot(below, top) / dot(top, top) * t for g, t in zip(below, top, strict=True)]
    found = stepped(method, data)
    close(found, plus(top, times(-0.6, aside)))
    assert dot(plus(found, times(-1, top)), top) == approx(0, abs=1e-9)


def test_alpha_zero_is_sam():
    method, data = smooth(GSAM, alpha=0.0)
    close(stepped(method, data), stepped(smooth(SAM)[0], data))
