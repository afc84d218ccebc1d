"""Cosines with mixtures, from vectors that are mixed; draws."""

import pytest
import torch
import torch.nn.functional as F

from pipeline.ops.metric_mixing import drawn_share, mixed_cosines, one_of_each
from tests.kit.metric_learning import directions, points


def test_they_are_the_cosines_of_mixed_vectors():
    z, anchors = F.normalize(points(), dim=1), F.normalize(directions(), dim=1)
    partners, share = torch.tensor([3, 0, 11, 4, 4, 7]), torch.tensor(0.3, dtype=torch.float64)
    found = mixed_cosines(anchors @ z.T, partners, z @ z.T, share)
    for a in range(6):
        for j in range(12):
            mixture = 0.3 * z[partners[a]] + 0.7 * z[j]
            assert found[a, j].item() == pytest.approx(F.cosine_similarity(anchors[a], mixture, dim=0).item())


def test_at_the_ends_it_is_the_partner_or_the_example():
    z = F.normalize(points(), dim=1)
    s, partners = z @ z.T, torch.arange(12).roll(1)
    torch.testing.assert_close(mixed_cosines(s, partners, s, torch.tensor(0.0)), s)
    torch.testing.assert_close(
        mixed_cosines(s, partners, s, torch.tensor(1.0)), s.gather(1, partners[:, None]).expand(12, 12)
    )


def test_one_of_each_row_is_drawn_evenly():
    torch.manual_seed(0)
    chosen = torch.tensor([[True, False, True], [False, False, False]])
    drawn = torch.stack([one_of_each(chosen, torch.tensor([7, 8])) for _ in range(200)])
    assert drawn[:, 1].unique().tolist() == [8] and drawn[:, 0].unique().tolist() == [0, 2]
    assert 60 < (drawn[:, 0] == 0).sum() < 140


def test_shares_have_the_moments_of_beta():
    torch.manual_seed(0)
    shares = torch.stack([drawn_share(2.0) for _ in range(500)])
    assert shares.mean().item() == pytest.approx(0.5, abs=0.05) and shares.var().item() == pytest.approx(0.05, abs=0.02)
