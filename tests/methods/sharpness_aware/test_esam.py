"""A step of ESAM with its draws made again, example by example; all weights and examples are SAM."""

import math

import torch
import torch.nn.functional as F

from pipeline.methods.sharpness_aware.esam import ESAM
from pipeline.methods.sharpness_aware.sam import SAM
from pipeline.methods.sharpness_aware.sam_m_sharpness import part_of
from tests.kit.methods import batch, made
from tests.kit.slopes import close, gradient, moved, numbers, smooth, stepped


def losses(method, data):
    logits = method.logits(method.encoder(data.views[0]))
    return [F.cross_entropy(z[None], y[None]).item() for z, y in zip(logits, data.labels, strict=True)]


def test_the_step_by_loops():
    method, data = smooth(ESAM, rho=0.4, beta=0.3, gamma=0.5)
    torch.manual_seed(4)
    drawn = numbers([torch.rand_like(weight) for weight in method.parameters()])
    slope = gradient(method, data)
    length = math.sqrt(sum(v * v for v in slope))
    steps = [0.4 * g / (0.3 * length) if u < 0.3 else 0.0 for g, u in zip(slope, drawn, strict=True)]
    rises = [b - a for b, a in zip(losses(moved(method, steps), data), losses(method, data), strict=True)]
    chosen = sorted(range(12), key=lambda place: -rises[place])[:6]
    torch.manual_seed(4)
    close(stepped(method, data), gradient(method, part_of(data, torch.tensor(chosen)), steps))


def test_all_of_both_is_sam():
    data, method, flat = batch(("full",)), made(ESAM, beta=1.0, gamma=1.0), made(SAM)
    close(stepped(method, data), stepped(flat, data), rtol=1e-4, atol=1e-6)
    for one, other in zip(method.buffers(), flat.buffers(), strict=True):
        torch.testing.assert_close(one, other)


def test_part_of_the_batch_changes_the_step():
    method, data = smooth(ESAM, beta=1.0, gamma=0.5)
    whole, _ = smooth(ESAM, beta=1.0, gamma=1.0)
    assert not torch.allclose(torch.tensor(stepped(method, data)), torch.tensor(stepped(whole, data)))
