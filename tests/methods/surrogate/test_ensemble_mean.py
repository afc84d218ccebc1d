"""Means and losses by loops over the networks, which begin apart; one network is gradient ascent."""

import pytest
import torch

from pipeline.methods.surrogate.ensemble_mean import EnsembleMean
from pipeline.methods.surrogate.gradient_ascent import GradientAscent
from tests.kit.surrogates import batch, designs, surrogate, trained


def networks(method):
    """Each network by itself, as a function of designs."""
    return [lambda rows: method.predict(method.encoder(rows))] + [
        lambda rows, other=other: other(rows)[:, 0] for other in method.others
    ]


def test_the_score_is_the_mean_and_the_loss_a_sum():
    method, given = surrogate(EnsembleMean, networks=4), batch()
    rows = given.views[0]
    each = [network(rows) for network in networks(method)]
    assert len(each) == 4
    torch.testing.assert_close(method.score(rows), sum(each) / 4)
    losses = [(found - given.labels).square().mean().item() for found in each]
    assert float(method.loss(given).detach()) == pytest.approx(sum(losses))


def test_networks_begin_apart_and_are_trained_apart():
    method = surrogate(EnsembleMean, networks=3)
    first, second, third = (network(designs()) for network in networks(method))
    assert (first - second).abs().mean() > 0.01 < (second - third).abs().mean()
    # what trains the first is not changed by there being others
    alone = trained(surrogate(GradientAscent))
    torch.testing.assert_close(networks(trained(method))[0](designs()), alone.score(designs()))


def test_one_network_is_gradient_ascent():
    ours, plain = trained(surrogate(EnsembleMean, networks=1)), trained(surrogate(GradientAscent))
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), plain.parameters(), strict=True))
    torch.testing.assert_close(ours.score(designs()), plain.score(designs()))
