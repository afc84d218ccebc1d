"""Steps along finite differences, one pixel at a time; the grid searched again; MSP without temperature and step."""

import dataclasses

import numpy as np
import pytest
import torch

from pipeline.errors import UserError
from pipeline.methods.ood_score import spread
from pipeline.methods.ood_score.msp import MSP
from pipeline.methods.ood_score.odin import ODIN
from pipeline.ops.detection import auroc, fpr95, single
from tests.kit.ood import STD, attached, fitted, images, logits_of


def odin(model, temperature, magnitude, std=STD):
    method = attached(ODIN(), model)
    method.temperature, method.magnitude, method.std = temperature, magnitude, std
    return method


def test_without_temperature_and_step_it_is_msp(model):
    x = images(12, 9)
    torch.testing.assert_close(odin(model, 1, 0.0).scores(x), attached(MSP(), model).scores(x))


@pytest.mark.parametrize("temperature", [1, 1000])
def test_it_steps_along_a_finite_difference_gradient(model, temperature):
    """The direction from central differences of log S, one pixel at a time, and the step in units of pixels."""
    x = images(3, 10)

    def log_s(inputs):
        return (torch.tensor(logits_of(model, inputs), dtype=torch.float64) / temperature).log_softmax(1).amax(1)

    slope = torch.zeros_like(x)
    for place in np.ndindex(2, 4, 4):
        nudge = torch.zeros_like(x)
        nudge[(slice(None), *place)] = 1e-5
        slope[(slice(None), *place)] = (log_s(x + nudge) - log_s(x - nudge)) / 2e-5
    moved = x.clone()
    for channel, std in enumerate((0.25, 0.5)):
        moved[:, channel] += 0.002 / std * slope[:, channel].sign()
    with torch.no_grad():
        got = odin(model, temperature, 0.002).scores(x)
    torch.testing.assert_close(got, log_s(moved).exp(), atol=1e-12, rtol=1e-9)


def test_a_small_step_raises_the_confidence_of_every_input(model):
    x = images(30, 11)
    assert (odin(model, 10, 1e-4).scores(x) > odin(model, 10, 0.0).scores(x)).all()


def test_it_chooses_the_best_of_the_whole_grid(model, validation):
    std = STD / 100  # long steps, so that the points of the grid differ
    _, chosen = fitted(ODIN(search_examples=30), model, dataclasses.replace(validation, std=std))
    known, unknown = spread(validation.known, 30), spread(validation.unknown, 30)
    ranks = {}
    for temperature in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000):
        for i in range(21):
            one = odin(model, temperature, i * 0.004 / 20, std)
            a, b = one.scores(known), one.scores(unknown)
            ranks[temperature, i] = single(fpr95, a, b), -single(auroc, a, b)
    temperature, i = min(ranks, key=ranks.get)
    assert chosen == {"temperature": temperature, "epsilon": pytest.approx(i * 0.0002)}
    assert len(set(ranks.values())) > 50 and i > 0


@pytest.mark.parametrize("field, key", [("known", "validation_examples"), ("unknown", "validation_outliers")])
def test_a_fit_without_validation_data_says_what_to_set(field, key, model, validation):
    with pytest.raises(UserError, match=key):
        fitted(ODIN(), model, dataclasses.replace(validation, **{field: getattr(validation, field)[:0]}))


def test_of_equal_points_of_the_grid_it_takes_the_smallest(model, validation, monkeypatch):
    """Whatever temperature and step, all scores are alike: the first of both is left."""

    def alike(self, inputs, temperature, magnitudes):
        seen.append((temperature, magnitudes))
        return torch.zeros(len(magnitudes), len(inputs))

    seen = []
    monkeypatch.setattr(ODIN, "search", alike)
    _, chosen = fitted(ODIN(search_examples=30), model, validation)
    assert chosen == {"temperature": 1.0, "epsilon": 0.0}
    assert [temperature for temperature, _ in seen[::2]] == [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
    assert all(magnitudes == pytest.approx([0.0002 * i for i in range(21)]) for _, magnitudes in seen)


def test_of_points_with_one_fpr_it_takes_the_higher_auroc(model, validation, monkeypatch):
    """At every temperature but 5 some known inputs lie lower among the unknown than at 5, none of them at the 95%."""

    def search(self, inputs, temperature, magnitudes):
        known = len(inputs) == len(spread(validation.known, 30)) and torch.equal(inputs, spread(validation.known, 30))
        scores = torch.linspace(1, 2, len(inputs)) if known else torch.linspace(-1, 0, len(inputs))
        if known and temperature != 5:
            scores[0] = -0.5
        return scores.expand(len(magnitudes), -1)

    monkeypatch.setattr(ODIN, "search", search)
    _, chosen = fitted(ODIN(search_examples=30), model, validation)
    assert chosen == {"temperature": 5.0, "epsilon": 0.0}
