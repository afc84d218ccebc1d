"""Both terms under noise, by hand; without noise `wgeo_augment`; certified as `rs_gaussian` is."""

import copy

import torch
import torch.nn.functional as F

from pipeline.methods.certified import Sampling
from pipeline.methods.geodesic.wgeo_augment import WGeoAugment
from pipeline.methods.smoothing.rs_gaussian import RSGaussian
from pipeline.methods.smoothing.rs_geodesic import RSGeodesic
from pipeline.ops.geodesics import between
from tests.kit.methods import CONTEXT, batch, made, trained


def test_images_and_what_lies_between_have_noise_and_the_worst_place_is_found_without():
    method, data = trained(made(RSGeodesic, sigma=0.3, grid=4)), batch(("full",), seed=3)
    slow = copy.deepcopy(method)
    torch.manual_seed(5)
    found = method.loss(data)
    torch.manual_seed(5)
    noise = 0.3 / 0.25 * torch.randn_like(data.views[0])
    want = F.cross_entropy(slow.logits(slow.encoder(data.views[0] + noise)), data.labels)
    couple = torch.randperm(3)[None, :2]
    geodesics = between(data.views[0], data.labels, couple, CONTEXT.inputs, True)
    t = slow.curve(geodesics).argmax(0).float()[geodesics.couples] / 3
    points = geodesics.points(t)
    points = points + 0.3 / 0.25 * torch.randn_like(points)
    want = want + geodesics.losses(slow.logits(slow.encoder(points)), t).mean()
    torch.testing.assert_close(found, want)


def test_with_hardly_any_noise_it_is_wgeo_augment():
    data, losses = batch(("full",), seed=3), []
    for cls, settings in ((RSGeodesic, {"sigma": 1e-6}), (WGeoAugment, {})):
        method = made(cls, worst=True, **settings)
        torch.manual_seed(5)
        losses.append(method.loss(data) if cls is WGeoAugment else _same_couples(method, data))
    torch.testing.assert_close(losses[0], losses[1], rtol=1e-4, atol=1e-4)


def _same_couples(method, data):
    """The loss with the couples that are drawn where no noise is."""
    method.noisy = lambda views, draws=None: views
    return method.loss(data)


def test_it_is_certified_as_smoothing_is():
    ours, plain = trained(made(RSGeodesic, sigma=0.2)), made(RSGaussian, sigma=0.2)
    plain.load_state_dict(ours.state_dict())
    views, sampling = batch(("full",), size=4).views[0], Sampling(samples=200, selection=20, error=0.01)
    found = [
        method.eval().certify(views, CONTEXT.inputs, sampling, torch.Generator().manual_seed(1))
        for method in (ours, plain)
    ]
    assert torch.equal(found[0].answers, found[1].answers) and torch.equal(found[0].radii, found[1].radii)
