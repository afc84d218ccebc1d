"""The gradient at a random point of the sphere, drawn again here; its length, and that it is drawn anew each step."""

import math

import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.sharpness_aware.random_perturbation import RandomPerturbation
from tests.kit.slopes import close, gradient, numbers, smooth, stepped, times


def test_the_gradient_at_a_random_point():
    method, data = smooth(RandomPerturbation, rho=0.4)
    torch.manual_seed(3)
    drawn = numbers([torch.randn_like(weight) for weight in method.parameters()])
    torch.manual_seed(3)
    found = stepped(method, data)
    close(found, gradient(method, data, times(0.4 / math.sqrt(sum(v * v for v in drawn)), drawn)))
    again = stepped(method, data)
    assert not torch.allclose(torch.tensor(found), torch.tensor(again))


def test_radius_zero_is_cross_entropy():
    method, data = smooth(RandomPerturbation, rho=0.0)
    close(stepped(method, data), stepped(smooth(CrossEntropy)[0], data))
