"""Pixels of unit length, clustered without labels or encoder."""

import torch
import torch.nn.functional as F
from sklearn.cluster import KMeans

from pipeline.methods.discovery.kmeans_pixels import KMeansPixels
from tests.kit.discovery import KNOWN, STREAM, training
from tests.kit.methods import begun, made, normalised


def test_its_clusters_are_those_of_scikit_learn_on_pixels():
    method = begun(made(KMeansPixels, context=KNOWN, starts=40), training=training()).eval()
    images = normalised(torch.cat([training().inputs, STREAM]))
    points = F.normalize(images.flatten(1))
    wanted = KMeans(4, n_init=40, random_state=0).fit(points.numpy())
    clusters = method.cluster_of(images)
    # noise has many partitions of nearly the same spread
    assert (points - method.centres[clusters]).square().sum().item() <= 1.02 * wanted.inertia_
    # brightness scales a whole image
    assert torch.equal(method.cluster_of(3 * images), clusters)
