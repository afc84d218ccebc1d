"""Turned images against rot90 and by hand, angles by their histogram, and a run on them, of whatever method."""

import pytest
import torch

from pipeline.methods.regression.con_r import ConR
from pipeline.methods.regression.l1 import L1
from pipeline.protocols.rotation.run import SKEW, Evidence, angles, prepare, turned
from pipeline.training.evidence import evaluate
from tests.kit import jobs


def test_training_angles_are_rare_at_the_ends_and_uniform_ones_are_not():
    skewed = angles(200_000, SKEW, torch.Generator().manual_seed(1))
    counts = torch.histc(skewed, 10, -1, 1)
    assert skewed.abs().max() <= 1
    assert counts[4] / counts[0] == pytest.approx(SKEW, rel=0.15)
    assert counts[5] / counts[9] == pytest.approx(SKEW, rel=0.15)
    assert counts[5:7].sum() / counts[3:5].sum() == pytest.approx(1.0, rel=0.03)
    ratios = counts[5:9] / counts[6:10]  # exponential: the same from each tenth to the next
    assert (ratios / ratios.mean() - 1).abs().max() < 0.15
    uniform = torch.histc(angles(200_000, 1.0, torch.Generator().manual_seed(1)), 10, -1, 1)
    assert uniform.max() / uniform.min() < 1.05


def test_turning_by_a_right_angle_is_rot90_and_by_nothing_is_nothing():
    torch.manual_seed(4)
    images = torch.randint(0, 256, (3, 2, 7, 7), dtype=torch.uint8)
    torch.testing.assert_close(turned(images, torch.full((3,), 90.0)), torch.rot90(images, 1, (2, 3)))
    torch.testing.assert_close(turned(images, torch.full((3,), -90.0)), torch.rot90(images, -1, (2, 3)))
    torch.testing.assert_close(turned(images, torch.zeros(3)), images)
    mixed = turned(images, torch.tensor([0.0, 90.0, 37.0]))
    assert torch.equal(mixed[0], images[0]) and torch.equal(mixed[1], torch.rot90(images[1], 1, (1, 2)))
    assert mixed.dtype == torch.uint8 and len(turned(images[:0], torch.zeros(0))) == 0


def test_turning_keeps_lengths_on_images_that_are_not_square():
    image = torch.zeros(1, 1, 9, 21, dtype=torch.uint8)
    image[0, 0, 4, 7:14] = 200  # a bar of 7 pixels through the centre
    out = turned(image, torch.tensor([90.0]))
    torch.testing.assert_close(out[0, 0, 1:8, 10], torch.full((7,), 200, dtype=torch.uint8))
    assert out.long().sum() == image.long().sum()


@pytest.mark.parametrize("cls", [L1, ConR])
def test_a_run_is_prepared_trained_and_evaluated_on_angles(cls, tmp_path):
    upright = jobs.data(test=60)
    made, other = (
        prepare(jobs.job(method, "rotation", upright, optimizer={"name": "sgd", "learning_rate": 0.01}))
        for method in (cls(), L1())
    )
    data = made.data
    assert torch.equal(data.train_inputs, turned(upright.train_inputs, 90 * data.train_labels))
    assert torch.equal(data.train_inputs, other.data.train_inputs)
    assert torch.equal(data.test_labels, other.data.test_labels)
    assert data.train_labels.abs().mean() < 0.35 < data.test_labels.abs().mean()
    assert len(jobs.fitted(made, tmp_path / "state")) == 2
    found = evaluate(Evidence(made), ["mae", "gm"])
    assert set(found.metrics) == {"mae", "gm", "mae_many", "mae_medium", "mae_few"}
    errors = (found.arrays["predictions"] - found.arrays["labels"]).abs()
    assert found.metrics["mae"] == pytest.approx(errors.mean().item(), rel=1e-5)
    assert found.arrays["labels"].abs().max() > 45  # degrees
