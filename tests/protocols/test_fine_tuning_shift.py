"""Fine-tuning under shift: whose examples are trained on and tested, the line between two networks, refusals."""

import dataclasses

import pytest
import torch

from pipeline.errors import UserError
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.robust_fine_tuning.fine_tuned import FineTuned
from pipeline.metrics import half_way_top1, mean_radius, sharpness_tracks
from pipeline.modalities.images.datasets.fashion_mnist_shifts import DATASET
from pipeline.ops.weight_lines import Along
from pipeline.protocols.fine_tuning_shift import Budget, run
from pipeline.training import loop
from tests.kit import jobs

SHIFT = {"domain_count": 3, "source_domains": [0], "target_domain": 2, "target_examples": 20, "unseen_domain": 1}
SHIFT |= {"encoder": "narrow_convnet"}
LINE = {"points": 5, "examples": 16, "tested": 10, "radius": 0.2, "steps": 2}


def job(method, seed=0, **changes):
    """A job on 120 training images of 2 classes in 3 domains."""
    made = jobs.job(method, "fine_tuning_shift", jobs.data(120, 24, 60, classes=6), seed=seed, **SHIFT | changes)
    return run.prepare(made)


def test_the_target_is_trained_on_and_tested_and_the_base_has_the_source():
    whole, tuned, base = jobs.data(120, 24, 60, classes=6), job(FineTuned()), job(CrossEntropy(), learn="source")
    of = {domain: whole.train_labels // 2 == domain for domain in range(3)}
    there = {tuple(image.flatten().tolist()) for image in whole.train_inputs[of[2]]}
    assert len(tuned.data.train_inputs) == 20 and all(
        tuple(image.flatten().tolist()) in there for image in tuned.data.train_inputs
    )
    assert torch.equal(base.data.train_inputs, whole.train_inputs[of[0]])
    for made in (tuned, base):
        assert torch.equal(made.data.test_inputs, whole.test_inputs[whole.test_labels // 2 == 2])
        for name, domain in (("source", 0), ("unseen", 1)):
            those = whole.test_labels // 2 == domain
            assert torch.equal(made.data.hidden[f"{name}_inputs"], whole.test_inputs[those])
            assert torch.equal(made.data.hidden[f"{name}_labels"], whole.test_labels[those] % 2)
        assert made.data.class_names == ("a", "b") and made.data.train_labels.max() == 1


def test_other_seeds_draw_other_examples_of_the_target():
    one, again, other = job(FineTuned()), job(FineTuned()), job(FineTuned(), seed=1)
    assert torch.equal(one.data.train_inputs, again.data.train_inputs)
    assert not torch.equal(one.data.train_inputs, other.data.train_inputs)


def lined(**changes):
    """Evidence of a fine-tuned network whose weights have moved from its base's."""
    base = job(CrossEntropy(), learn="source", seed=3)
    loop.build(base, run.phases(base))
    made = dataclasses.replace(job(FineTuned(), line=LINE | changes), base=base.method.eval().requires_grad_(False))
    loop.build(made, run.phases(made))
    torch.manual_seed(2)
    with torch.no_grad():
        for weight in made.method.parameters():
            weight += 0.3 * torch.randn_like(weight)
    return run.Evidence(made), base


@torch.no_grad()
def test_the_line_begins_at_the_base_and_ends_at_the_method():
    evidence, base = lined(tested=1000)
    line = evidence.along
    assert line.shares.tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    ends = [run.Evidence(base), evidence]
    for place, end in zip((0, -1), ends, strict=True):
        for name, right in (("unseen", end.right_shifted), ("source", end.right_source)):
            assert line.accuracy[name][place].item() == pytest.approx(100 * right.double().mean().item())
    assert line.layers.shape == (4, 5) and (line.sharpness > 0).all() and (line.layers >= 0).all()
    assert (line.barriers >= -1e-6).all() and line.barriers[line.straggler] == line.barriers.max()
    assert {f"line_{name}" for name in ("unseen", "shares", "layers")} <= evidence.arrays().keys()


@torch.no_grad()
def test_a_way_of_which_nothing_is_cut_is_the_plain_one():
    line = lined(cut=0.0)[0].along
    assert line.sparsified == pytest.approx(line.accuracy["unseen"][2].item())


def test_without_a_line_its_metrics_are_absent():
    evidence = run.Evidence(job(FineTuned()))
    assert evidence.along is None and evidence.radii is None
    for metric, value in ((half_way_top1, None), (sharpness_tracks, None), (mean_radius, None)):
        with pytest.raises(Exception, match="not"):
            metric.compute(value)


def test_flatness_that_falls_with_accuracy_tracks_it():
    shares, accuracy = torch.linspace(0, 1, 5), torch.tensor([90.0, 80.0, 70.0, 60.0, 50.0])
    layers = torch.stack([100 - accuracy, accuracy, torch.tensor([1.0, 2.0, 3.0, 5.0, 4.0])])
    line = Along(shares, {"unseen": accuracy}, accuracy, layers, torch.tensor([0.3, 0.1, 0.0]), 75.0)
    found = sharpness_tracks.compute(line)
    assert found == pytest.approx({"": -1.0, "straggler": 1.0, "others": (-1.0 + 0.9) / 2})
    assert half_way_top1.compute(line) == {"": 70.0, "sparsified": 75.0}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"domain_count": 6}, "domain_count = 6: 'fashion_mnist_shifts' has 70 classes"),
        ({"target_domain": 7}, "domain 7: there are domains 0 to 6"),
        ({"unseen_domain": 0}, "source_domains, target_domain and unseen_domain must be different"),
        ({"target_examples": 2000}, "a domain has about 1285 training examples"),
        ({"imbalance": 10.0}, "imbalance: is of classes"),
    ],
)
def test_what_the_data_set_cannot_serve_is_refused(changes, message):
    values = {**jobs.PROTOCOL, **SHIFT, "domain_count": 7, **changes}
    with pytest.raises(UserError, match=message):
        Budget.model_validate(values).check(DATASET, "here")
