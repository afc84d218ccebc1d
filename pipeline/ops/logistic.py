"""Logistic regression, solved to the optimum: the same inputs give the same weights."""

import torch
from torch import Tensor

from pipeline.ops.lbfgs import minimise


def fit_logistic(features: Tensor, labels: Tensor, strength: float = 1.0) -> tuple[Tensor, Tensor]:
    """Weights (D,) and bias () minimising sum_i log(1 + exp(-+(w x_i + b))) + |w|^2 / (2 strength), in float64.

    features (N, D); labels (N,) of 0 and 1. The bias is not penalised. This is scikit-learn's LogisticRegression
    with C = `strength`. Newton's method with step halving; the objective is strictly convex.
    Raises ValueError where the labels are all alike, since the bias is then unbounded.
    """
    x = torch.cat([features.double(), torch.ones(len(features), 1, dtype=torch.float64, device=features.device)], 1)
    y = labels.double()
    if y.min() == y.max():
        raise ValueError("logistic regression needs examples of both classes")
    penalty = torch.full((x.shape[1],), 1 / strength, dtype=torch.float64, device=x.device)
    penalty[-1] = 0

    def cost(w: Tensor) -> Tensor:
        return torch.nn.functional.binary_cross_entropy_with_logits(x @ w, y, reduction="sum") + penalty @ w**2 / 2

    w = torch.zeros(x.shape[1], dtype=torch.float64, device=x.device)
    for _ in range(100):
        p = torch.sigmoid(x @ w)
        gradient = x.T @ (p - y) + penalty * w
        if gradient.abs().max() < 1e-9 * len(x):
            break
        hessian = (x * (p * (1 - p))[:, None]).T @ x + torch.diag(penalty)
        # the ridge only matters where every probability has saturated and the bias has no curvature left
        step = torch.linalg.solve(hessian + 1e-12 * torch.eye(len(w), dtype=w.dtype, device=w.device), gradient)
        before, size = cost(w), 1.0
        while cost(w - size * step) > before and size > 1e-8:
            size /= 2
        w = w - size * step
    return w[:-1], w[-1]


def fit_multinomial(rows: Tensor, labels: Tensor, num_classes: int, *, l2: float, iterations: int) -> Tensor:
    """Weights (D + 1, K) float64, the biases last, of multinomial logistic regression on rows (N, D) float64.

    Minimises mean cross-entropy + l2/2 |W|^2, biases free, by full-batch L-BFGS from zero: deterministic, and
    scikit-learn's LogisticRegression with C = 1 / (l2 N). labels: (N,) int64 in 0..K-1.
    """
    rows = torch.cat([rows, rows.new_ones(len(rows), 1)], 1)
    places = torch.arange(len(rows), device=rows.device)

    def loss(weights: Tensor) -> tuple[Tensor, Tensor]:
        log_p = (rows @ weights).log_softmax(1)
        penalised = l2 * weights
        penalised[-1] = 0
        value = (penalised * weights).sum() / 2 - log_p[places, labels].mean()
        residual = log_p.exp_()
        residual[places, labels] -= 1
        return value, rows.T @ residual / len(rows) + penalised

    return minimise(loss, rows.new_zeros(rows.shape[1], num_classes), iterations=iterations)
