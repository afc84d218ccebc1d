import pytest
import torch

from pipeline.ops.soft_top_k import log_top_k


@pytest.fixture
def scores():
    return 2 * torch.randn(4, 9, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


@pytest.mark.parametrize(("k", "alpha"), [(1, 1.0), (3, 2.0), (8, 5.0)])
def test_memberships_add_up_to_k_and_keep_the_order(k, alpha, scores):
    soft = log_top_k(scores, k, alpha).exp()
    torch.testing.assert_close(soft.sum(1), torch.full((4,), float(k), dtype=torch.float64))
    assert torch.equal(soft.argsort(1), scores.argsort(1))


def test_a_steep_one_is_the_top_k(scores):
    hard = torch.zeros_like(scores).scatter(1, scores.topk(3).indices, 1.0)
    torch.testing.assert_close(log_top_k(scores, 3, 500.0).exp(), hard, atol=1e-6, rtol=0)


def test_the_gradient_is_that_of_differences(scores):
    weights = torch.randn(scores.shape, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    given = scores.requires_grad_()
    (log_top_k(given, 3, 1.5) * weights).sum().backward()
    step = 1e-3
    for row in range(4):
        for column in range(9):
            moved = [scores.detach().clone() for _ in range(2)]
            moved[0][row, column] += step
            moved[1][row, column] -= step
            high, low = ((log_top_k(each, 3, 1.5) * weights).sum() for each in moved)
            assert given.grad[row, column].item() == pytest.approx(((high - low) / (2 * step)).item(), abs=1e-4)


def test_ties_and_extremes_are_finite():
    given = torch.tensor([[5.0] * 6, [0.0, 0.0, 0.0, 0.0, 0.0, 200.0]], requires_grad=True)
    found = log_top_k(given, 2, 2.0)
    found.sum().backward()
    assert found.isfinite().all() and given.grad.isfinite().all()
    torch.testing.assert_close(found[0].exp(), torch.full((6,), 1 / 3))


@pytest.mark.parametrize("k", [0, 9, 10])
def test_k_is_between_none_and_all(k, scores):
    with pytest.raises(ValueError, match=f"^the first {k} of 9$"):
        log_top_k(scores, k, 1.0)
