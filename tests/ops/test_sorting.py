"""The sorting network as a product of exchanges by slow loops, doubly stochastic, and the sort that it tends to."""

import math

import pytest
import torch

from pipeline.ops.sorting import soft_sort


@pytest.mark.parametrize("size", [2, 3, 6, 7])
def test_the_sorting_network_equals_the_slow_loops_and_is_doubly_stochastic(size):
    torch.manual_seed(5)
    values = torch.randn(4, size, dtype=torch.float64)
    found, matrices = soft_sort(values, 2.0)
    for b in range(4):
        x = values[b].tolist()
        product = torch.eye(size, dtype=torch.float64)
        for layer in range(size):
            exchange = torch.eye(size, dtype=torch.float64)
            for i in range(layer % 2, size - 1, 2):
                alpha = math.atan(2.0 * (x[i + 1] - x[i])) / math.pi + 0.5
                exchange[i, i] = exchange[i + 1, i + 1] = alpha
                exchange[i, i + 1] = exchange[i + 1, i] = 1 - alpha
            x = (torch.tensor(x, dtype=torch.float64) @ exchange).tolist()
            product = product @ exchange
        torch.testing.assert_close(matrices[b], product)
        torch.testing.assert_close(found[b], torch.tensor(x, dtype=torch.float64))
    torch.testing.assert_close(matrices.sum(1), torch.ones(4, size, dtype=torch.float64))
    torch.testing.assert_close(matrices.sum(2), torch.ones(4, size, dtype=torch.float64))
    assert (matrices >= 0).all()
    torch.testing.assert_close((values[:, None] @ matrices)[:, 0], found)


def test_a_steep_sorting_network_sorts():
    torch.manual_seed(5)
    values = torch.randn(30, 9, dtype=torch.float64)
    found, matrices = soft_sort(values, 1e9)
    expected = values.sort(1)
    torch.testing.assert_close(found, expected.values, atol=1e-5, rtol=1e-5)
    assert torch.equal(matrices.argmax(1), expected.indices)
