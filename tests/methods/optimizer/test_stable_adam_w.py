"""Steps in plain numbers, tensor by tensor, and the limit in which nothing is clipped."""

import math

import torch

from pipeline.methods.optimizer.adam_w import AdamW
from pipeline.methods.optimizer.stable_adam_w import StableAdamW
from tests.kit.optimizers import DECAY, RATE, check_different, check_same, course, fresh


def test_against_numbers():
    kept = {}
    for t, (before, gradients, after) in enumerate(
        course(fresh(StableAdamW, beta2=0.98, decay=DECAY, threshold=0.5)), 1
    ):
        first, second = (b * (1 - b ** (t - 1)) / (1 - b**t) for b in (0.9, 0.98))
        for number, (weight, slope, now) in enumerate(zip(before, gradients, after, strict=True)):
            w, g = weight.flatten().tolist(), slope.flatten().tolist()
            m, v = kept.get(number, ([0.0] * len(w), [0.0] * len(w)))
            m = [first * a + (1 - first) * b for a, b in zip(m, g, strict=True)]
            v = [second * a + (1 - second) * b * b for a, b in zip(v, g, strict=True)]
            kept[number] = m, v
            rms = math.sqrt(sum(b * b / max(a, 1e-16) for a, b in zip(v, g, strict=True)) / len(w))
            rate, decay = RATE / max(1.0, rms / 0.5), DECAY if weight.ndim > 1 else 0.0
            want = [x * (1 - RATE * decay) - rate * a / (math.sqrt(b) + 1e-8) for x, a, b in zip(w, m, v, strict=True)]
            torch.testing.assert_close(now.flatten().tolist(), want, rtol=1e-9, atol=1e-12)


def test_without_a_limit_it_is_adam_w():
    check_same(fresh(StableAdamW, threshold=1e6), fresh(AdamW), rtol=1e-6, atol=1e-8)


def test_the_limit_matters():
    check_different(fresh(StableAdamW), fresh(StableAdamW, threshold=0.5))
