"""Networks on patches: gradients against torch's and differences, outputs by loops, and training."""

import numpy as np
import pytest
import torch

from pipeline.ops import patch_networks

SHAPES = {"convolutional": (4,), "local": (3, 4), "full": (12, 3)}


def drawn(kind: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.normal(size=(6, 3, 4)), np.where(np.arange(6) % 2 == 0, 1.0, -1.0), random.normal(size=SHAPES[kind])


@pytest.mark.parametrize("kind", SHAPES)
def test_outputs_by_loops(kind: str) -> None:
    images, _, w = drawn(kind)
    for image, found in zip(images, patch_networks.values(kind, images, w, 0.4), strict=True):
        expected = 0.0
        for i in range(3):
            looked = image.ravel() if kind == "full" else image[i]
            weights = w if kind == "convolutional" else w[i] if kind == "local" else w[:, i]
            z = sum(float(a * b) for a, b in zip(looked, weights, strict=True))
            expected += max(z - 0.4, 0) - max(-z - 0.4, 0)
        assert found == pytest.approx(expected)


@pytest.mark.parametrize("kind", SHAPES)
def test_gradients_are_torchs(kind: str) -> None:
    images, labels, start = drawn(kind)
    x, y = torch.from_numpy(images), torch.from_numpy(labels)
    w, b = torch.tensor(start, requires_grad=True), torch.tensor(0.4, dtype=torch.float64, requires_grad=True)
    z = (x * w).sum(2) if kind == "local" else (x.flatten(1) if kind == "full" else x) @ w
    values = ((z - b).relu() - (-z - b).relu()).sum(1)
    torch.nn.functional.softplus(-y * values).mean().backward()
    by_weights, by_b = patch_networks.gradients(kind, images, labels, start, 0.4)
    assert w.grad is not None and b.grad is not None
    assert by_weights == pytest.approx(w.grad.numpy()) and by_b == pytest.approx(b.grad.item())


@pytest.mark.parametrize("kind", SHAPES)
def test_training_fits_and_turned_patches_turn_the_weights(kind: str) -> None:
    """Gradient descent is equivariant: all pixels of a patch turned alike give the same outputs."""
    images, labels, start = drawn(kind)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))[0]
    turned = np.einsum("ij,kju->kiu", turn, start.reshape(3, 4, 3)).reshape(12, 3) if kind == "full" else start @ turn.T
    found = patch_networks.trained(kind, images, labels, 0.1 * start, 60)
    other = patch_networks.trained(kind, images @ turn.T, labels, 0.1 * turned, 60)
    outputs = patch_networks.values(kind, images, *found)
    assert outputs == pytest.approx(patch_networks.values(kind, images @ turn.T, *other))
    assert np.logaddexp(0, -labels * outputs).mean() < np.log(2)
