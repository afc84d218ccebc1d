"""The base's features, clustered without labels."""

import torch
import torch.nn.functional as F
from sklearn.cluster import KMeans

from pipeline.methods.discovery.kmeans_frozen import KMeansFrozen
from tests.kit.discovery import STREAM, context, training
from tests.kit.methods import begun, classifier, made, normalised, trained


def test_its_clusters_are_those_of_scikit_learn_on_the_base_s_features():
    base = trained(classifier(seed=7))
    method = begun(made(KMeansFrozen, context=context(base), starts=30), training=training()).eval()
    images = normalised(torch.cat([training().inputs, STREAM]))
    with torch.no_grad():
        features = F.normalize(base.encoder(images))
        assert torch.equal(method.features(images), base.encoder(images))
        clusters = method.cluster_of(images)
    wanted = KMeans(4, n_init=30, random_state=0).fit(features.numpy())
    found = (features - method.centres[clusters]).square().sum().item()
    assert abs(found - wanted.inertia_) <= 1e-2 * wanted.inertia_
    assert torch.equal(clusters, torch.cdist(features, method.centres).argmin(1))


def test_labels_play_no_part():
    first, second = (made(KMeansFrozen, context=context()) for _ in range(2))
    torch.manual_seed(0)
    begun(first, training=training())
    other = training()
    other.labels = other.labels.flip(0)
    torch.manual_seed(0)
    begun(second, training=other)
    assert torch.equal(first.centres, second.centres) and not first.uses_labels
