"""Its loss by loops, the E-step on blobs of pixels, the spread of clusters, limits and what it carries on."""

import dataclasses
import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.discovery.gcd import GCD
from pipeline.methods.discovery.gpc import GPC
from tests.kit.discovery import STREAM, context, data, member, training
from tests.kit.methods import Training, begun, made, normalised, step, unit


def estimated(**settings):
    """At the second epoch, with prototypes."""
    return begun(member(GPC, **settings), 0, training(), epoch=1)


def test_by_loops():
    method, given = estimated(prototype_weight=0.7), data()
    count, found = int(method.count), method.loss(given).item()
    features, labels = method.encoded(given)
    places = torch.cat([given.indices, given["unlabelled"].indices + 48]).tolist()
    total = 0.0
    for row, feature in enumerate(features.double().tolist()):
        scores = [
            float(torch.tensor(unit(feature), dtype=torch.float64) @ method.centres[k].double())
            / float(method.spread[k])
            for k in range(count)
        ]
        below = math.log(math.fsum(math.exp(score) for score in scores))
        total += below - scores[int(method.assigned[places[row % len(places)]])]
    wanted = method.contrast(features, labels).item() + 0.7 * total / len(features)
    assert found == pytest.approx(wanted, rel=1e-5)


def test_before_the_first_e_step_and_without_weight_it_is_gcd():
    given = data()
    wanted = member(GCD).loss(given)
    assert torch.equal(begun(member(GPC), 0, training(), epoch=0).loss(given), wanted)
    torch.testing.assert_close(estimated(prototype_weight=0.0).loss(given), wanted)
    assert estimated().loss(given) > wanted


def test_labelled_images_are_their_class_s_and_others_the_nearest_mean_s():
    method = estimated().eval()
    with torch.no_grad():
        features = F.normalize(method.features(normalised(torch.cat([training().inputs, STREAM]))))
    assert torch.equal(method.assigned[:48], training().labels)
    assert int(method.assigned.max()) < int(method.count) == method.found_clusters() <= method.most
    torch.testing.assert_close(method.prototypes().norm(dim=1), torch.ones(int(method.count)))
    cosines = features @ method.prototypes().T
    assert torch.equal(method.cluster_of(normalised(STREAM)), cosines[48:].argmax(1))
    assert (method.assigned[48:] == cosines[48:].argmax(1)).float().mean() > 0.8  # means are not of unit length


def shades(count, levels, seed):
    """Images of some grey levels in turn, nearly without noise."""
    draws = torch.Generator().manual_seed(seed)
    grey = torch.tensor(levels)[torch.arange(count) % len(levels)]
    return (grey[:, None, None, None] + torch.randint(0, 4, (count, 1, 8, 8), generator=draws)).to(torch.uint8)


class Shades(torch.nn.Module):
    """An angle and some noise of a grey level, in place of features."""

    def forward(self, x):
        angle = 0.6 * x.mean((1, 2, 3)) + 1.0
        return torch.stack([angle.cos(), angle.sin(), 0.2 * x[:, 0, 0, 0] - 0.2 * x[:, 0, 1, 1]], 1)


@pytest.mark.parametrize("told", [4, 8])
def test_too_many_and_the_right_number_end_at_the_right_number(told):
    stream = shades(200, [20, 80, 140, 200], 1)
    given = dataclasses.replace(
        context(),
        feature_dim=3,
        num_classes=told,
        class_counts=(24, 24, *[0] * (told - 2)),
        streams={"unlabelled": stream},
    )
    method = made(GPC, context=given)
    method.encoder = Shades()
    labelled = Training(shades(48, [20, 80], 2), torch.arange(48) % 2)
    for epoch in range(1, 7):
        torch.manual_seed(epoch)
        begun(method, 0, labelled, epoch)
    assert method.found_clusters() == 4
    clusters = method.cluster_of(normalised(stream))
    truth = torch.arange(200) % 4
    assert torch.equal(clusters[:, None] == clusters, truth[:, None] == truth)
    assert torch.equal(clusters[truth < 2], truth[truth < 2])  # old classes come first


def test_the_number_goes_on_from_where_it_was():
    method = estimated()
    step(method, data(), learning_rate=0.0)
    before = {name: value.clone() for name, value in method.state_dict().items()}
    other = member(GPC)
    other.load_state_dict(before)
    for each in (method, other):
        torch.manual_seed(3)
        begun(each, 0, training(), epoch=2)
    assert torch.equal(method.assigned, other.assigned) and torch.equal(method.count, other.count)
