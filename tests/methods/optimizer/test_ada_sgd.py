"""One second moment of all coordinates of all tensors."""

import math

import torch

from pipeline.methods.optimizer.ada_sgd import AdaSGD
from pipeline.methods.optimizer.blockwise_adam import BlockwiseAdam
from tests.kit.optimizers import DECAY, RATE, check_different, course, fresh


def test_against_numbers():
    moments, v = {}, 0.0
    for t, (before, gradients, after) in enumerate(course(fresh(AdaSGD)), 1):
        everything = [g for slope in gradients for g in slope.flatten().tolist()]
        v = 0.95 * v + 0.05 * sum(g * g for g in everything) / len(everything)
        rate = RATE / (math.sqrt(v / (1 - 0.95**t)) + 1e-8)
        for number, (weight, slope, now) in enumerate(zip(before, gradients, after, strict=True)):
            w, g = weight.flatten().tolist(), slope.flatten().tolist()
            m = [0.9 * a + 0.1 * b for a, b in zip(moments.get(number, [0.0] * len(w)), g, strict=True)]
            moments[number] = m
            decay = DECAY if weight.ndim > 1 else 0.0
            want = [x * (1 - RATE * decay) - rate * a / (1 - 0.9**t) for x, a in zip(w, m, strict=True)]
            torch.testing.assert_close(now.flatten().tolist(), want, rtol=1e-9, atol=1e-12)


def test_blocks_matter():
    check_different(fresh(AdaSGD), fresh(BlockwiseAdam))
