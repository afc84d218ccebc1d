"""The neighbours score beside cross-entropy; the score itself is tested with the ops."""

import math

import torch

from pipeline.methods.few_shot.icnn import ICNN
from pipeline.methods.few_shot.proto_net import ProtoNet
from pipeline.ops.neighbour_score import neighbour_score


def batch():
    make = torch.Generator().manual_seed(4)
    return torch.randn(3, 2, 5, generator=make).double(), torch.randn(3, 4, 5, generator=make).double()


def test_the_loss_is_of_all_images_of_the_episode():
    support, queries = batch()
    points = torch.cat([support, queries], 1).flatten(0, 1)
    score = float(neighbour_score(points, torch.arange(3).repeat_interleave(6), 4, 6))
    alone = float(ICNN(cross=False).episode_loss(support, queries))
    assert abs(alone + math.log(score)) < 1e-6
    both = float(ProtoNet().episode_loss(support, queries)) + alone
    assert abs(float(ICNN().episode_loss(support, queries)) - both / 2) < 1e-6
