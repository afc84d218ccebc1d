"""Labels hold the first clusters, and k-means without them is another method."""

import torch
import torch.nn.functional as F

from pipeline.methods.discovery.kmeans_frozen import KMeansFrozen
from pipeline.methods.discovery.kmeans_semi_supervised import KMeansSemiSupervised
from tests.kit.discovery import STREAM, member, training
from tests.kit.methods import begun, normalised


def test_each_centre_is_the_mean_of_its_labelled_and_its_nearest_images():
    given = training()
    method, other = (begun(member(cls), training=given).eval() for cls in (KMeansSemiSupervised, KMeansFrozen))
    with torch.no_grad():
        labelled, rest = (F.normalize(method.features(normalised(x))) for x in (given.inputs, STREAM))
        clusters = method.cluster_of(normalised(STREAM))
    for c in range(4):
        members = torch.cat([labelled[given.labels == c], rest[clusters == c]])
        torch.testing.assert_close(method.centres[c], members.mean(0), rtol=1e-4, atol=1e-5)
    assert not torch.equal(method.centres, other.centres) and method.uses_labels
    assert torch.equal(method.encoder.convolution.weight, other.encoder.convolution.weight)
