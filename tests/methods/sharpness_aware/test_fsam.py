"""The Fisher mask example by example, the step by loops; all weights are SAM; other masks; it resumes."""

import math

import pytest
import torch

from pipeline.methods.sharpness_aware.fsam import FSAM
from pipeline.methods.sharpness_aware.sam import SAM
from pipeline.methods.sharpness_aware.sam_m_sharpness import part_of
from tests.kit.classifiers import doubled
from tests.kit.methods import batch, made
from tests.kit.slopes import check_resumes, close, gradient, numbers, smooth, stepped, times


def mask_by_loops(method, data, examples, count):
    fisher = [0.0] * sum(weight.numel() for weight in method.parameters())
    for place in range(examples):
        own = gradient(method, part_of(data, torch.tensor([place])))
        fisher = [f + g * g / examples for f, g in zip(fisher, own, strict=True)]
    return places(fisher, count)


def places(values, count):
    best = set(sorted(range(len(values)), key=lambda place: -values[place])[:count])
    return [1.0 if place in best else 0.0 for place in range(len(values))]


def test_the_mask_and_the_step_by_loops():
    """The mask of the first batch holds for two steps."""
    method, _ = smooth(FSAM, rho=0.3, share=0.2, interval=2, examples=5)
    count = int(0.2 * sum(weight.numel() for weight in method.parameters()))
    mask = []
    for number in range(3):
        data = doubled(batch(("full",), seed=number))
        if number % 2 == 0:
            mask = mask_by_loops(method, data, 5, count)
        part = [m * g for m, g in zip(mask, gradient(method, data), strict=True)]
        found = stepped(method, data)
        close(method.moved.tolist(), mask)
        close(found, gradient(method, data, times(0.3 / math.sqrt(sum(v * v for v in part)), part)))


def test_all_weights_are_sam():
    """With batch normalisation too, whose running statistics the search for the mask leaves alone."""
    data, method, flat = batch(("full",)), made(FSAM, share=1.0), made(SAM)
    close(stepped(method, data), stepped(flat, data))
    assert method.training and torch.equal(method.encoder.norm.running_mean, flat.encoder.norm.running_mean)


@pytest.mark.parametrize("mask", ["fisher", "random", "magnitude"])
def test_masks_of_one_share(mask):
    method, data = smooth(FSAM, share=0.1, mask=mask)
    step = stepped(method, data)
    weights = numbers(method.parameters())
    assert method.moved.sum() == int(0.1 * len(weights))
    if mask == "magnitude":
        close(method.moved.tolist(), places([abs(value) for value in weights], int(0.1 * len(weights))))
    if mask != "fisher":
        other, _ = smooth(FSAM, share=0.1)
        assert not torch.allclose(torch.tensor(step), torch.tensor(stepped(other, data)))


def test_it_resumes():
    check_resumes(FSAM, interval=3)
