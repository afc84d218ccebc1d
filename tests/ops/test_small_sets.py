"""Small sets: digits in their main directions, and clusters."""

import numpy as np

from pipeline.ops.small_sets import gaussian_clusters, images


def test_images_are_uncorrelated_of_the_chosen_classes_and_drawn() -> None:
    inputs, labels = images(3, 100, 6, np.random.default_rng(0))
    assert inputs.shape == (100, 6) and set(labels.tolist()) == {0, 1, 2}
    products = inputs.T @ inputs
    assert np.allclose(products, np.diag(np.diag(products)), atol=1e-9)
    assert not np.array_equal(labels, images(3, 100, 6, np.random.default_rng(1))[1])


def test_clusters_are_tight() -> None:
    inputs, labels = gaussian_clusters(4, 400, 15, np.random.default_rng(0))
    means = np.stack([inputs[labels == k].mean(0) for k in range(4)])
    assert 0.15 < (inputs - means[labels]).std() < 0.25 and means.std() > 0.6
