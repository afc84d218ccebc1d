"""Exponents by windows of one aspect ratio: by loops, where they are those of whole spectra, and what they are for."""

import torch

from pipeline.methods.layer_rates.farms import FARMS
from pipeline.methods.layer_rates.temp_balance import TempBalance
from tests.kit.layer_rates import begun, made

SQUARE = torch.randn(24, 24, generator=torch.Generator().manual_seed(5))


def test_of_a_square_matrix_in_one_window_it_is_temp_balance():
    assert FARMS(side=100).alpha(SQUARE) == TempBalance().alpha(SQUARE)
    assert FARMS(side=8).alpha(SQUARE) != TempBalance().alpha(SQUARE)


def test_turning_a_matrix_round_changes_nothing():
    matrix = torch.randn(40, 15, generator=torch.Generator().manual_seed(1))
    assert abs(FARMS(side=10).alpha(matrix) - FARMS(side=10).alpha(matrix.T)) < 1e-9


def test_shapes_alone_make_whole_spectra_differ_and_not_those_of_windows():
    draws = torch.Generator().manual_seed(0)
    tall, square = torch.randn(400, 100, generator=draws), torch.randn(400, 400, generator=draws)
    whole, cut = (abs(cls().alpha(tall) - cls().alpha(square)) for cls in (TempBalance, FARMS))
    assert whole > 0.8 and cut < 0.05


def test_rates_are_others_than_by_whole_spectra():
    scales = []
    for cls, settings in ((FARMS, {"side": 10}), (TempBalance, {})):
        (optimizer,) = begun(made(cls, **settings))
        scales.append([group["scale"] for group in optimizer.param_groups])
    assert scales[0] != scales[1]
