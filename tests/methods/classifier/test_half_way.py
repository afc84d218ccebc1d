"""A network between two others."""

import copy
import dataclasses

import pytest
import torch

from pipeline.contract import Bundle
from pipeline.methods.classifier.half_way import HalfWay
from pipeline.training import loop
from pipeline.training.evidence import evaluate
from tests.kit import jobs

CURVATURE = {"examples": 30, "steps": 5, "probes": 2}


def network(seed, encoder):
    """With running statistics of some images."""
    made = jobs.job(jobs.method_of("cross_entropy"), "curvature", seed=seed, encoder=encoder, curvature=CURVATURE)
    method = loop.build(made, loop.whole(made)).train()
    with torch.no_grad():
        for views in made.views.plain(made.data.train_inputs):
            method.encoder(views)
    return method.eval()


def between(share, encoder="narrow_convnet"):
    ends = {name: network(seed, encoder) for seed, name in enumerate(("first", "second"))}
    made = jobs.job(HalfWay(share=share), "curvature", encoder=encoder, curvature=CURVATURE)
    made = dataclasses.replace(made, base=Bundle(copy.deepcopy(ends)))
    return made, loop.build(made, loop.whole(made)).eval(), ends


@pytest.mark.parametrize(("share", "name"), [(0.0, "first"), (1.0, "second")])
def test_at_either_end_it_is_that_network(share, name):
    _, method, ends = between(share)
    assert all(value.equal(ends[name].state_dict()[key]) for key, value in method.state_dict().items())


def test_half_way_every_weight_and_statistic_is_the_mean():
    _, method, ends = between(0.5)
    states = [ends[name].state_dict() for name in ("first", "second")]
    moved = 0
    for key, value in method.state_dict().items():
        if value.is_floating_point():
            torch.testing.assert_close(value, (states[0][key] + states[1][key]) / 2)
            moved += not states[0][key].equal(states[1][key])
    assert moved > 5


def test_what_lies_between_is_kept_and_ends_where_it_began():
    from pipeline.protocols.curvature.run import Evidence

    made, method, _ = between(0.5, "mlp")
    before = {key: value.clone() for key, value in method.state_dict().items()}
    found = evaluate(Evidence(made), ["top1"])
    kept = found.arrays
    assert kept["between_losses"].shape == kept["between_errors"].shape == kept["between_shares"].shape
    assert all(value.equal(before[key]) for key, value in method.state_dict().items())
    method.go(float(kept["between_shares"][3]))
    found = evaluate(Evidence(made), ["top1"])
    assert 100 * float(kept["between_errors"][3]) == pytest.approx(100 - found.metrics["top1"])
