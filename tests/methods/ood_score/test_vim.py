"""Residuals by numpy with the projection onto the principal space; the rank of the virtual class's probability."""

import numpy as np
import pytest
import torch

from pipeline.methods.ood_score.vim import ViM
from tests.kit.ood import energies, fitted, images, penultimate


@pytest.mark.parametrize("principal", [0, 3, 9])
def test_vim_by_numpy(principal, model, validation):
    """With the projection onto the principal space in place of the residual basis."""
    method, chosen = fitted(ViM(principal=principal), model, validation)
    w, b = model.head.weight.detach().numpy(), model.head.bias.detach().numpy()
    origin = -np.linalg.lstsq(w, b, rcond=None)[0]
    train = penultimate(model, validation.train_inputs)
    _, _, axes = np.linalg.svd(train - origin)
    axes = axes[: {0: 2, 3: 3, 9: 4}[principal]]

    def residual(f):
        return np.linalg.norm(f - origin - axes.T @ (axes @ (f - origin)))

    alpha = sum(max(w @ f + b) for f in train) / sum(residual(f) for f in train)
    assert chosen == {"alpha": pytest.approx(alpha)}
    test = penultimate(model, images(6, 33))
    want = [e - alpha * residual(f) for e, f in zip(energies(model, test), test, strict=True)]
    assert method.scores(images(6, 33)).tolist() == pytest.approx(want)


def test_it_ranks_as_the_virtual_class_is_improbable(model, validation):
    method, chosen = fitted(ViM(), model, validation)
    x = images(30, 34)
    virtual = chosen["alpha"] * method.residual(method.penultimate(x))
    logits = torch.cat([method.logits(x), virtual[:, None]], 1)
    torch.testing.assert_close(logits.softmax(1)[:, -1].argsort(), method.scores(x).argsort(descending=True))
