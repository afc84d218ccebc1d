"""Cluster centres and transport, by loops and in limits."""

import pytest
import torch
import torch.nn.functional as F

from pipeline.ops.feature_alignment import cluster_centres, transported

DRAWS = torch.Generator().manual_seed(0)
PATCHES = torch.randn(2, 9, 4, generator=DRAWS, dtype=torch.float64)


def test_centres_by_loops() -> None:
    found = cluster_centres(PATCHES, 3, 4, torch.Generator().manual_seed(1))
    places = torch.randperm(9, generator=torch.Generator().manual_seed(1))[:3]
    for row, centres in zip(PATCHES, found, strict=True):
        own = [row[place] for place in places]
        for _ in range(4):
            groups: list[list[torch.Tensor]] = [[], [], []]
            for patch in row:
                groups[min(range(3), key=lambda k: float((patch - own[k]).square().sum()))].append(patch)
            own = [torch.stack(group).mean(0) if group else own[k] for k, group in enumerate(groups)]
        torch.testing.assert_close(centres, torch.stack(own))


def test_as_many_clusters_as_patches_are_the_patches_and_gradients_reach_each() -> None:
    patches = PATCHES.clone().requires_grad_()
    found = cluster_centres(patches, 9, 3, torch.Generator().manual_seed(1))
    torch.testing.assert_close(found.sum(1), PATCHES.sum(1))
    cluster_centres(patches, 2, 3, torch.Generator().manual_seed(1)).sum().backward()
    assert patches.grad is not None and (patches.grad != 0).all()


def test_transport_by_loops() -> None:
    similarity = torch.rand(1, 3, 4, generator=DRAWS, dtype=torch.float64)
    kernel = [[float(((similarity[0, i, j] - 1) / 0.1).exp()) for j in range(4)] for i in range(3)]
    left, right = [1.0] * 3, [1.0] * 4
    for _ in range(50):
        left = [1 / 3 / sum(kernel[i][j] * right[j] for j in range(4)) for i in range(3)]
        right = [1 / 4 / sum(kernel[i][j] * left[i] for i in range(3)) for j in range(4)]
    want = sum(left[i] * kernel[i][j] * right[j] * float(similarity[0, i, j]) for i in range(3) for j in range(4))
    assert transported(similarity, 0.1, 50).item() == pytest.approx(want)


def test_a_set_carried_onto_itself_in_another_order_is_as_similar_as_can_be() -> None:
    points = F.normalize(torch.eye(4, dtype=torch.float64), dim=1)
    assert transported((points @ points[[2, 0, 3, 1]].T)[None], 0.05, 200).item() == pytest.approx(1.0, abs=1e-6)
    assert transported((points @ points.T)[None], 1e6, 200).item() == pytest.approx(0.25, abs=1e-4)
