"""The spectral radius of matrices that are not symmetric."""

import math

import numpy as np
import pytest
import torch

from pipeline.ops.spectra import spectral_radius


def test_a_rotation_and_a_random_matrix():
    turn = torch.tensor([[0.0, -2.0], [2.0, 0.0]])
    assert spectral_radius(turn) == pytest.approx(2)
    matrix = torch.randn(20, 20, generator=torch.Generator().manual_seed(0))
    assert spectral_radius(matrix) == pytest.approx(abs(np.linalg.eigvals(matrix.double().numpy())).max())
    assert spectral_radius(matrix / 0) == math.inf
