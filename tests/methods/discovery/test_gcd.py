"""Both contrasts by loops, their limits, clusters that labels hold."""

import dataclasses
import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.discovery.gcd import GCD
from pipeline.modalities.images.encoders import narrow_convnet
from tests.kit.discovery import STREAM, context, data, member, training, views_of
from tests.kit.methods import begun, classifier, dot, loop_nt_xent, normalised, step, trained, unit


def projected(method, given):
    """Embeddings of the two views, in float64, and labels."""
    method = method.double()
    first, second, labels = views_of(given)
    features = method.encoder(torch.cat([first, second]).double())
    return *method.projector(features).chunk(2), labels


def loop_sup_con(z, labels, temperature):
    """Equation 2 of Khosla et al., by loops over embeddings and labels."""
    rows, total = [unit(row) for row in z.tolist()], 0.0
    for i, anchor in enumerate(rows):
        others = [j for j in range(len(rows)) if j != i]
        below = math.fsum(math.exp(dot(anchor, rows[j]) / temperature) for j in others)
        same = [j for j in others if labels[j] == labels[i]]
        total -= math.fsum(dot(anchor, rows[j]) / temperature - math.log(below) for j in same) / len(same)
    return total / len(rows)


@pytest.mark.parametrize("weight", [0.0, 0.35, 1.0])
def test_by_loops(weight):
    method, given = member(GCD, supervised_weight=weight), data()
    found = method.loss(given).item()
    z1, z2, labels = projected(method, given)
    of_known = torch.cat([z1[labels >= 0], z2[labels >= 0]])
    supervised = loop_sup_con(of_known, labels[labels >= 0].repeat(2).tolist(), 0.07)
    wanted = (1 - weight) * loop_nt_xent(z1, z2, 1.0) + weight * supervised
    assert found == pytest.approx(wanted, rel=1e-5)


def test_the_base_s_encoder_goes_on_training_and_is_not_the_base_s():
    method = member(GCD)
    before = {name: value.clone() for name, value in method.encoder.state_dict().items()}
    step(method, data())
    assert any(not torch.equal(value, before[name]) for name, value in method.encoder.state_dict().items())


def test_clustering_comes_last_and_labelled_images_hold_the_first_clusters():
    method, given = member(GCD), training()
    begun(method, 0, given)
    assert not method.centres.any()
    begun(method, 1, given).eval()
    with torch.no_grad():
        features = F.normalize(method.features(normalised(given.inputs)))
        rest = F.normalize(method.features(normalised(STREAM)))
    clusters = method.cluster_of(normalised(STREAM))
    for c in range(4):
        members = torch.cat([features[given.labels == c], rest[clusters == c]])
        torch.testing.assert_close(method.centres[c], members.mean(0), rtol=1e-4, atol=1e-5)


def test_labels_change_the_outcome():
    first, second = member(GCD), member(GCD, supervised_weight=0.0)
    given = data()
    swapped = data()
    swapped.labels = swapped.labels.flip(0) * 0 + (torch.arange(len(swapped.labels)) < 6).long()
    assert first.loss(given).item() != first.loss(swapped).item()
    assert second.loss(given).item() == second.loss(swapped).item()


def test_frozen_blocks_stay_the_base_s_with_their_statistics():
    base = trained(classifier(seed=7))
    base.encoder = narrow_convnet.build((1, 8, 8)).eval().requires_grad_(False)
    method = GCD(projection_hidden=9, projection_dim=6, frozen_blocks=2)
    method.encoder = base.encoder
    method.build(dataclasses.replace(context(base), feature_dim=64))
    step(method.train(), data())
    same = [
        all(torch.equal(value, other.state_dict()[name]) for name, value in block.state_dict().items())
        for block, other in zip(method.encoder.blocks, base.encoder.blocks, strict=True)
    ]
    assert same == [True, True, False]
    assert [block.training for block in method.encoder.blocks] == [False, False, True]
