"""Metrics of what was kept, on choices whose values are known."""

import math
from types import SimpleNamespace

import pytest
import torch

from pipeline.metrics import measure
from pipeline.ops.optimal_transport import sinkhorn, sphere_distance

KEPT = torch.tensor([True, False, True, False, False])
PIXELS = torch.tensor([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0], [0.0, 1.0], [6.0, 9.0]])


def values(names, **evidence):
    return measure(SimpleNamespace(**evidence), names)


def test_noise_kept():
    wrong = torch.tensor([True, True, False, False, False])
    assert values(["noise_kept"], kept=KEPT, wrong_labels=wrong).values == {"noise_kept": 50.0}
    for kept, noise in ((KEPT, None), (KEPT, torch.zeros(5, dtype=torch.bool)), (torch.zeros_like(KEPT), wrong)):
        found = values(["noise_kept"], kept=kept, wrong_labels=noise)
        assert not found.values and found.absent["noise_kept"]


def test_coverage_by_hand():
    # the distances to the nearer of the two kept are 0, 5, 0, 1 and 1
    found = values(["coverage"], kept=KEPT, train_pixels=PIXELS).values
    assert found == pytest.approx({"coverage": 7 / 5 / math.sqrt(2), "coverage_farthest": 5 / math.sqrt(2)})
    found = values(["coverage"], kept=torch.ones(5, dtype=torch.bool), train_pixels=PIXELS).values
    assert found == {"coverage": 0.0, "coverage_farthest": 0.0}
    assert "coverage" in values(["coverage"], kept=torch.zeros(5, dtype=torch.bool), train_pixels=PIXELS).absent


def test_coverage_against_loops():
    torch.manual_seed(1)
    pixels, kept = torch.randn(1200, 3), torch.rand(1200) < 0.05
    near = pixels[kept].tolist()
    distances = [min(math.dist(x, z) for z in near) for x in pixels.tolist()]
    found = values(["coverage"], kept=kept, train_pixels=pixels).values
    assert found["coverage"] == pytest.approx(sum(distances) / 1200 / math.sqrt(3), rel=1e-5)
    assert found["coverage_farthest"] == pytest.approx(max(distances) / math.sqrt(3), rel=1e-5)


def test_augmented():
    assert values(["augmented"], augmented=12500).values == {"augmented": 12.5}
    assert "augmented" in values(["augmented"], augmented=None).absent


def test_kept_share_leaves_the_targets_examples_out():
    assert values(["kept_share"], kept=KEPT, target_count=1).values == {"kept_share": 50.0}


def test_on_target_and_the_domain_with_the_fewest():
    found = values(["on_target"], kept_domains=torch.tensor([0, 1, 1, 1, 2, 3, 3, 0]), target_domains=[1, 2]).values
    assert found == {"on_target": 50.0, "on_target_fewest": 50.0}
    found = values(["on_target"], kept_domains=torch.tensor([0, 3]), target_domains=[1, 2]).values
    assert found == {"on_target": 0.0, "on_target_fewest": 0.0}
    found = values(["on_target"], kept_domains=torch.tensor([2, 1]), target_domains=[1, 2]).values
    assert found == {"on_target": 100.0, "on_target_fewest": 100.0}
    assert "on_target" in values(["on_target"], kept_domains=torch.zeros(0), target_domains=[1]).absent


def test_target_distance():
    x, y = torch.nn.functional.normalize(PIXELS[1:].double()), torch.nn.functional.normalize(PIXELS[3:].double())
    kept = torch.tensor([False, True, True, True, True])
    found = values(["target_distance"], kept=kept, train_pixels=PIXELS, target_pixels=PIXELS[3:]).values
    assert found == {"target_distance": pytest.approx(sinkhorn(sphere_distance(x, y), scaling=0.9)[0])}
    # longer inputs in the same directions are as near
    longer = values(["target_distance"], kept=kept, train_pixels=3 * PIXELS, target_pixels=PIXELS[3:]).values
    assert longer == pytest.approx(found)
