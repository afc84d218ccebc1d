"""A random subset: each example alike, none twice, of no network's choosing; all of them with share 1."""

import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.selection.random_subset import RandomSubset
from tests.kit.methods import Training, batch, made, step


def test_each_example_is_as_likely():
    method, counts = made(RandomSubset, share=0.25), torch.zeros(48)
    for seed in range(400):
        torch.manual_seed(seed)
        places = method.select(Training())
        assert len(places.unique()) == 12
        counts[places] += 1
    assert (counts / 400 - 0.25).abs().max() < 0.1


def test_with_all_of_them_it_is_cross_entropy():
    method, plain = made(RandomSubset, share=1.0), made(CrossEntropy)
    method.phase = 1
    with torch.no_grad():
        method.start_phase(1, Training())
    assert method.chosen.all()
    for seed in range(3):
        assert torch.equal(step(method, batch(("full",), seed=seed)), step(plain, batch(("full",), seed=seed)))
    assert torch.equal(method.head.weight, plain.head.weight)
