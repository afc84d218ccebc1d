"""The least of the networks, design by design; its slope is that network's."""

import torch

from pipeline.methods.surrogate.ensemble_mean import EnsembleMean
from pipeline.methods.surrogate.ensemble_min import EnsembleMin
from tests.kit.surrogates import alike, designs, surrogate, trained


def test_the_least_is_climbed():
    method, rows = trained(surrogate(EnsembleMin, networks=3)), designs(9)
    scores = method.scores(rows).detach()
    found, slopes = method.score(rows), method.slopes(rows)
    for i in range(9):
        assert found[i].item() == min(scores[:, i].tolist())
        row = rows[i : i + 1].clone().requires_grad_()
        (want,) = torch.autograd.grad(method.scores(row)[scores[:, i].argmin()].sum(), row)
        torch.testing.assert_close(slopes[i], want[0])
    assert len(set(scores.argmin(0).tolist())) > 1


def test_it_is_trained_as_the_mean_is():
    assert alike(trained(surrogate(EnsembleMin)), trained(surrogate(EnsembleMean)))
