"""Methods are told the risk; minimum and course are of the training set, losses of the test split."""

import dataclasses

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from pipeline.errors import UserError
from pipeline.modalities import describe
from pipeline.modalities.images.encoders import pixels
from pipeline.ops.spectral_risk import gaps
from pipeline.protocols import spectral_risk
from pipeline.protocols.spectral_risk import run
from tests.kit import jobs
from tests.kit.jobs import fitted, job, method_of

BUDGET = {
    "encoder": "pixels",
    "epochs": 6,
    "optimizer": {"name": "sgd", "learning_rate": 0.3, "momentum": 0.0},
    "schedule": {"name": "constant"},
    "risk": {"name": "superquantile", "level": 0.5, "shift_cost": 1.0, "l2": 0.05},
}


def made(key="prospect", data=None, **budget):
    return run.prepare(job(method_of(key), "spectral_risk", data, **{**BUDGET, **budget}))


def test_course_and_minimum_are_of_what_was_trained_on(tmp_path):
    trained = made()
    fitted(trained, tmp_path / "state")
    found = run.Evidence(trained)
    course = gaps(found.risk_course, found.least_risk)
    assert len(course) == 7 and course[0] == 0 and course[-1] < -1
    assert (np.diff(found.risk_course) < 0.01).all()
    assert found.convergence["risk_gap"]["converged"]
    assert found.passes == pytest.approx(1 + 1 / 6)
    assert len(found.test_losses) == len(trained.data.test_inputs) and found.arrays()["risk_course"].shape == (7,)
    w = trained.method.weights.detach()
    rows = trained.method.represent(next(iter(trained.views.plain(trained.data.test_inputs))))
    expected = torch.nn.functional.cross_entropy(rows @ w, trained.data.test_labels, reduction="none")
    torch.testing.assert_close(found.test_losses, expected)
    assert rows.shape[1] == 65 and rows[:, -1].tolist() == pytest.approx([65**-0.5] * len(rows))


def test_all_methods_have_one_minimum_and_none_is_below_it(tmp_path):
    least = []
    for key in ("exact", "sgd_risk", "srda"):
        trained = made(key)
        fitted(trained, tmp_path / key)
        found = run.Evidence(trained)
        least.append(found.least_risk)
        assert found.risk_course[-1] >= found.least_risk - 1e-10
        if key == "exact":
            assert found.risk_course[-1] == pytest.approx(found.least_risk, abs=1e-10)
            assert len(found.risk_course) == 7
    assert max(least) == min(least)


def test_a_factor_of_the_losses_leaves_the_losses_that_are_reported(tmp_path):
    found = []
    for scale, rate in ((1.0, 0.3), (100.0, 0.003)):
        trained = made(loss_scale=scale, optimizer={**BUDGET["optimizer"], "learning_rate": rate})
        fitted(trained, tmp_path / str(scale))
        found.append(run.Evidence(trained))
    torch.testing.assert_close(found[0].test_losses, found[1].test_losses)
    assert found[1].least_risk == pytest.approx(100 * found[0].least_risk)


def numbers():
    plain = jobs.data()
    draws = torch.Generator().manual_seed(5)
    names = ("train_labels", "true_labels", "valid_labels", "test_labels", "labelled_labels")
    labels = {name: 50 + 9 * torch.randn(len(getattr(plain, name)), generator=draws) for name in names}
    return dataclasses.replace(plain, **labels, class_names=())


def test_numbers_are_standardised_and_only_those_trained_on_have_noise():
    plain, noisy = (made(data=numbers(), heavy_tails=tails) for tails in (None, {"freedom": 2, "scale": 0.5}))
    assert float(plain.data.train_labels.mean()) == pytest.approx(0, abs=1e-6)
    assert float(plain.data.train_labels.std(correction=0)) == pytest.approx(1, abs=1e-6)
    assert torch.equal(plain.data.test_labels, noisy.data.test_labels)
    moved = noisy.data.train_labels - plain.data.train_labels
    expected = 0.5 * run.student(2, len(moved), noisy.draws.generator("heavy tails"))
    torch.testing.assert_close(moved.double(), expected, atol=1e-5, rtol=1e-5)


def test_student_has_the_quantiles_of_students_t():
    draws = run.student(2, 40_000, torch.Generator().manual_seed(0))
    for share, quantile in ((0.5, 0.0), (0.75, 0.8165), (0.95, 2.92)):
        assert float(draws.quantile(share)) == pytest.approx(quantile, abs=0.06)


def test_pixels_are_the_image():
    images = torch.randn(3, 2, 4, 4)
    encoder = pixels.build((2, 4, 4))
    assert torch.equal(encoder(images), images.flatten(1)) and encoder.feature_dim == 32


@pytest.mark.parametrize(("name", "level"), [("superquantile", 1.0), ("extremile", 0.5), ("esrm", 0.0)])
def test_impossible_levels_are_refused(name, level):
    with pytest.raises(ValidationError, match="level"):
        spectral_risk.Risk(name=name, level=level)


def test_classes_have_no_heavy_tails():
    budget = spectral_risk.Budget(**BUDGET, heavy_tails={"freedom": 2, "scale": 1.0})
    with pytest.raises(UserError, match="heavy_tails"):
        budget.check(describe("digits"), "here")
