"""Adam in coordinates R w, with R written out as a matrix."""

import torch

from pipeline.methods.optimizer.adam import Adam
from pipeline.methods.optimizer.rotated_adam import RotatedAdam
from tests.kit.optimizers import RATE, check_different, course, fresh


def flat(parts):
    return torch.cat([part.flatten() for part in parts])


def test_against_the_matrix():
    method = fresh(RotatedAdam)
    size = sum(weight.numel() for weight in method.parameters())
    matrix = torch.stack([method.rotation.there(row) for row in torch.eye(size, dtype=torch.float64)], 1)
    m = v = torch.zeros(size, dtype=torch.float64)
    for t, (before, gradients, after) in enumerate(course(method), 1):
        g = matrix @ flat(gradients)
        m, v = 0.9 * m + 0.1 * g, 0.95 * v + 0.05 * g * g
        step = (m / (1 - 0.9**t)) / ((v / (1 - 0.95**t)).sqrt() + 1e-8)
        torch.testing.assert_close(flat(after), flat(before) - RATE * matrix.T @ step)


def test_a_rotation_changes_adam():
    check_different(fresh(RotatedAdam), fresh(Adam, beta2=0.95))
