"""Images and points between are attacked, each within the ball and against its own labels."""

import torch

from pipeline.methods.geodesic.wgeo_at import WGeoAT
from pipeline.methods.geodesic.wgeo_augment import WGeoAugment
from pipeline.ops.geodesics import between
from tests.kit.classifiers import doubled
from tests.kit.methods import CONTEXT, batch, made


def test_points_are_moved_to_where_the_mixed_loss_is_greater():
    method, data = made(WGeoAT, radius=0.05).double(), doubled(batch(("full",)))
    data.views[0] = data.views[0].clamp(-1.9, 1.9)
    pair = between(data.views[0], data.labels, torch.tensor([[0, 1]]), CONTEXT.inputs)
    t = torch.full((len(pair.starts),), 0.5, dtype=torch.float64)
    moved, points = method.shown(pair, t), pair.points(t)
    assert 0 < (moved - points).abs().max() * 0.25 <= 0.05 + 1e-9
    method.eval()
    before, after = (pair.losses(method.logits(method.encoder(at)), t).mean() for at in (points, moved))
    assert after > before


def test_at_radius_zero_it_is_the_augmentation():
    data = doubled(batch(("full",)))
    data.views[0] = data.views[0].clamp(-1.9, 1.9)
    losses = []
    for cls, settings in ((WGeoAT, {"radius": 0.0, "worst": True}), (WGeoAugment, {"worst": True})):
        method = made(cls, **settings).double()
        method.attack = lambda: None
        if cls is WGeoAT:
            method.attacked = lambda loss, images: images
        torch.manual_seed(4)
        losses.append(method.loss(data))
    torch.testing.assert_close(*losses)
