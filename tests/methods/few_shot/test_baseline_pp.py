"""The cosine head: its gradient, and that it starts at the means."""

import torch

from pipeline.methods.few_shot.baseline_pp import BaselinePP
from tests.kit.few_shot import episodes, looked, turned


def test_without_steps_it_is_the_nearest_mean_by_cosine():
    support, labels, queries, _ = episodes()
    found = BaselinePP(steps=0).classify(support, labels, queries)
    means = torch.stack([support[:, labels[0] == c].mean(1) for c in range(3)], 1)
    expected = torch.nn.functional.cosine_similarity(queries[:, :, None], means[:, None], dim=3)
    torch.testing.assert_close(found, 2 * expected)


def test_steps_lower_the_loss_and_episodes_do_not_touch():
    support, labels, _, _ = episodes()
    losses = [
        torch.nn.functional.cross_entropy(
            BaselinePP(steps=steps).classify(support, labels, support).flatten(0, 1), labels.flatten()
        )
        for steps in (0, 20, 100)
    ]
    assert losses[0] > losses[1] > losses[2]
    assert turned(looked(BaselinePP()))
