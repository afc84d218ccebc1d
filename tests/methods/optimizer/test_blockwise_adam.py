"""Blocks are tensors: a tensor of one number has Adam's step, and others a step of the same direction as momentum."""

import math

import torch

from pipeline.methods.optimizer.blockwise_adam import BlockwiseAdam
from tests.kit.optimizers import DECAY, RATE, course, fresh


def test_against_numbers():
    kept = {}
    for t, (before, gradients, after) in enumerate(course(fresh(BlockwiseAdam)), 1):
        for number, (weight, slope, now) in enumerate(zip(before, gradients, after, strict=True)):
            w, g = weight.flatten().tolist(), slope.flatten().tolist()
            m, v = kept.get(number, ([0.0] * len(w), 0.0))
            m = [0.9 * a + 0.1 * b for a, b in zip(m, g, strict=True)]
            v = 0.95 * v + 0.05 * sum(b * b for b in g) / len(g)
            kept[number] = m, v
            rate, decay = RATE / (math.sqrt(v / (1 - 0.95**t)) + 1e-8), DECAY if weight.ndim > 1 else 0.0
            want = [x * (1 - RATE * decay) - rate * a / (1 - 0.9**t) for x, a in zip(w, m, strict=True)]
            torch.testing.assert_close(now.flatten().tolist(), want, rtol=1e-9, atol=1e-12)
