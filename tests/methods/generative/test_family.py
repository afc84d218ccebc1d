"""What holds of all auto-encoders: the limit of a code's certainty, the error of images, what evaluation needs."""

import math

import pytest
import torch

from pipeline.methods.generative import GaussianCode, squared_error
from pipeline.ops.codes import drawn
from tests.kit.methods import FEATURES, made, members
from tests.kit.rules import check_that_evaluation_reads_what_is_kept, check_that_hard_batches_are_no_trouble

every = pytest.mark.parametrize("cls", members("generative"))


def test_certainty_stops_at_the_lowest_log_variance():
    torch.manual_seed(1)
    code = GaussianCode(FEATURES, 5)
    code.linear.bias.data[5:] = -50.0
    mean, log_variance = code(torch.randn(4, FEATURES))
    assert torch.equal(log_variance, torch.full((4, 5), -6.0))
    torch.manual_seed(0)
    spread = (drawn(mean.repeat(500, 1), log_variance.repeat(500, 1)) - mean.repeat(500, 1)).std()
    assert spread.item() == pytest.approx(math.exp(-3), rel=0.05)


def test_the_error_of_an_image_is_summed_over_its_pixels_and_channels():
    images, again = torch.randn(2, 3, 2, 4, 5, dtype=torch.float64)
    expected = []
    for x, y in zip(images, again, strict=True):
        expected.append(sum((a - b) ** 2 for a, b in zip(x.flatten().tolist(), y.flatten().tolist(), strict=True)))
    assert squared_error(images, again).tolist() == pytest.approx(expected, rel=1e-5)


@every
def test_evaluation_reads_what_is_kept(cls):
    check_that_evaluation_reads_what_is_kept(made(cls))


@every
def test_few_images_equal_ones_and_half_precision_are_no_trouble(cls):
    check_that_hard_batches_are_no_trouble(made(cls))
