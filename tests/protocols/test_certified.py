"""What is asked of certified classifiers: radii of right answers, attacks within them, and draws of the study's own."""

import dataclasses
import math
import re

import pytest
import torch

from pipeline.errors import UserError
from pipeline.protocols.certified import Budget, Certificate
from pipeline.protocols.certified.run import WITHIN, Evidence
from pipeline.training.evidence import evaluate
from tests.kit import jobs

CERTIFICATE = {"radius": 0.1, "radii": [0.05], "attacked": [0.3], "examples": 20, "samples": 100, "selection": 20}
METRICS = ["certified", "acr", "certified_top1", "abstained", "broken", "empirical", "spread"]


def job(key="rs_gaussian", seed=0, settings=None, **certificate):
    method = jobs.method_of(key, **{"sigma": 0.1, **(settings or {})})
    budget = {"epochs": 3, "certificate": {**CERTIFICATE, "votes": 60, "steps": 4, **certificate}}
    made = jobs.job(method, "certified", jobs.data(test=30), seed, **budget)
    return dataclasses.replace(made, settings={**made.settings, "encoder": "convnet"})


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    made = job()
    jobs.fitted(made, tmp_path_factory.mktemp("job") / "state")
    return made


def test_metrics_are_of_right_answers(trained):
    evidence = Evidence(trained)
    found = evaluate(evidence, METRICS)
    answers, labels = evidence.answers, trained.data.test_labels[:20]
    radii = evidence._certificates.radii * (answers == labels)
    assert torch.equal(evidence.certified_radii, radii)
    for name, r in (("certified_0_05", 0.05), ("certified_0_1", 0.1), ("certified", 0.1)):
        assert found.metrics[name] == pytest.approx(100 * sum(float(x) >= r for x in radii) / 20)
    assert found.metrics["acr"] == pytest.approx(radii.mean().item())
    assert found.metrics["certified_top1"] == pytest.approx(100 * (answers == labels).double().mean().item())
    assert found.metrics["abstained"] == pytest.approx(100 * (answers < 0).double().mean().item())
    assert {"empirical", "empirical_0_1", "empirical_0_3"} < set(
        found.metrics
    ) and "empirical_0_05" not in found.metrics
    assert found.metrics["empirical_0_3"] <= found.metrics["certified_top1"]
    assert set(found.arrays) >= {"answers", "certified_radii", "certified_labels"}


def test_twice_is_the_same_and_draws_are_not_of_the_method(trained):
    first, second = (evaluate(Evidence(trained), METRICS).metrics for _ in range(2))
    assert first == second
    same = [
        Evidence(job(key, seed))._draws("certify", 0).initial_seed()
        for key, seed in (("rs_gaussian", 0), ("dual_rs", 0), ("rs_gaussian", 1))
    ]
    assert same[0] == same[1] != same[2]


def test_chunks_hold_all_images(trained, monkeypatch):
    monkeypatch.setattr("pipeline.protocols.certified.run.CHUNK", 7)
    evidence = Evidence(trained)
    assert len(evidence.answers) == len(evidence.certified_radii) == 20
    assert len(evidence.attacked_answers[0.3]) == 20 and len(evidence.spread) == len(evidence.broken)


def test_attacks_stay_within_the_certified_radius_and_the_range(trained, monkeypatch):
    evidence, seen = Evidence(trained), []
    answers = type(trained.method).answers

    def noting(self, views, *given):
        seen.append(views)
        return answers(self, views, *given)

    radii = evidence._certificates.radii
    monkeypatch.setattr(type(trained.method), "answers", noting)
    assert len(evidence.broken) == (radii > 0).sum() > 0
    moved = (torch.cat(seen) - evidence._views[radii > 0]) * 0.25
    lengths = moved.flatten(1).norm(dim=1).double()
    assert (lengths <= WITHIN * radii[radii > 0] + 1e-5).all() and (lengths > 0.5 * radii[radii > 0]).any()
    pixels = torch.cat(seen) * 0.25 + 0.5
    assert pixels.min() >= -1e-5 and pixels.max() <= 1 + 1e-5


def test_radii_that_are_too_large_are_broken(trained, monkeypatch):
    """A certificate that lies is found out."""
    certify = type(trained.method).certify

    def lying(*given):
        found = certify(*given)
        return found._replace(radii=torch.where(found.radii > 0, 5.0, 0.0).double())

    monkeypatch.setattr(type(trained.method), "certify", lying)
    evidence = Evidence(trained)
    assert evidence.broken.double().mean() > 0.3
    monkeypatch.undo()
    assert not Evidence(trained).broken.any()


def test_evaluation_leaves_the_method_as_it_was(trained):
    before = {name: value.clone() for name, value in trained.method.state_dict().items()}
    evaluate(Evidence(trained), METRICS)
    assert all(torch.equal(value, before[name]) for name, value in trained.method.state_dict().items())


def test_a_radius_of_another_norm_is_that_of_the_ball_inside(trained):
    plain = Evidence(trained)
    trained.settings["certificate"]["norm"] = "linf"
    inside = Evidence(trained)
    torch.testing.assert_close(inside.certified_radii, plain.certified_radii / math.sqrt(64))
    trained.settings["certificate"]["norm"] = "l2"


def test_radii():
    assert Certificate(radius=0.1, radii=[0.3, 0.02, 0.1]).all_radii == [0.02, 0.1, 0.3]
    assert Certificate(radius=0.1, radii=[0.3], attacked=[0.2]).attacked_radii == [0.1, 0.2]


def test_only_full_precision_will_do_and_certificates_are_read_by_evaluation_alone():
    from pipeline.modalities.images.datasets.fashion_mnist_small import DATASET

    optimizer = {"name": "sgd", "learning_rate": 0.1}
    asked = Budget.model_validate({"epochs": 1, "optimizer": optimizer, "precision": "bf16"})
    with pytest.raises(UserError, match=re.escape("s.yaml: precision = 'bf16': certificates need 'fp32'")):
        asked.check(DATASET, "s.yaml")
    assert "certificate" in Budget.model_validate({"epochs": 1, "optimizer": optimizer}).not_trained_on()
