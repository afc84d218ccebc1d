"""EL2N by loops, where it must be zero, and which examples it keeps."""

import math

import pytest
import torch

from pipeline.methods.selection import residuals
from pipeline.methods.selection.el2n import EL2N
from tests.kit.methods import Training, made
from tests.kit.selection import errors_and_features, selecting


def test_against_loops():
    method, training = made(EL2N), Training()
    with torch.no_grad():
        found = method.score(training)
    errors, _ = errors_and_features(method, training)
    assert found.tolist() == pytest.approx([math.sqrt(sum(e * e for e in row)) for row in errors], rel=1e-5)


def test_the_largest_are_kept():
    method, training = selecting(EL2N, share=0.25)
    errors, _ = errors_and_features(method, training)
    norms = torch.tensor(errors).norm(dim=1)
    assert norms[method.chosen].min() >= norms[~method.chosen].max()


def test_from_zero_for_what_is_known_to_the_root_of_two():
    logits = torch.tensor([[50.0, 0.0, 0.0], [50.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    norms = residuals(logits, torch.tensor([0, 1, 2])).norm(dim=1)
    assert norms.tolist() == pytest.approx([0.0, math.sqrt(2), math.sqrt(6) / 3], abs=1e-6)
