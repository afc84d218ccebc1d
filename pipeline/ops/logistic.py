"""Logistic regression, solved to the optimum: the same inputs give the same weights, which are scikit-learn's."""

from dataclasses import replace

import torch
from torch import Tensor

from pipeline.ops.lbfgs import LIMIT, Minimum, minimise

CURVATURE = 0.01
"""The curvature of cross-entropy over the features' second moments that coordinates are made for: between the 1 / K of
the start and what is left where most examples are fitted. It changes how many steps it takes, not the answer."""


def fit_logistic(features: Tensor, labels: Tensor, strength: float = 1.0) -> tuple[Tensor, Tensor]:
    """Weights (D,) and bias () minimising sum_i log(1 + exp(-+(w x_i + b))) + |w|^2 / (2 strength), in float64.

    features (N, D); labels (N,) of 0 and 1. The bias is not penalised. This is scikit-learn's LogisticRegression
    with C = `strength`, solved as the regression of two classes whose weights mirror each other. Warns (NotConverged)
    where it is not solved. Raises ValueError where the labels are all alike, since the bias is then unbounded.
    """
    if labels.min() == labels.max():
        raise ValueError("logistic regression needs examples of both classes")
    # w is twice the weights of a class, so that both classes' have half of its square
    found = fit_multinomial(features.double(), labels.long(), 2, l2=2 / (strength * len(features)))
    outer, inner = found.checked("logistic regression").T
    weights = inner - outer
    return weights[:-1], weights[-1]


def fit_multinomial(rows: Tensor, labels: Tensor, num_classes: int, *, l2: float, iterations: int = LIMIT) -> Minimum:
    """Multinomial logistic regression on rows (N, D) float64; the point are weights (D + 1, K), the biases last.

    Minimises mean cross-entropy + l2/2 |W|^2, biases free, by full-batch L-BFGS from zero until it has converged or
    `iterations` steps are used up: deterministic, and the weights that scikit-learn's LogisticRegression approaches
    with C = 1 / (l2 N) and a small tolerance. labels: (N,) int64 in 0..K-1. Where there is no finite optimum (a class
    without examples, whose bias falls for ever; l2 = 0 and separable classes) it ends where the gradient has all but
    gone.
    """
    centre = rows.mean(0)
    # about the mean, which moves nothing but the bias
    x = torch.cat([rows - centre, rows.new_ones(len(rows), 1)], 1)
    penalties = rows.new_full((x.shape[1],), l2)
    penalties[-1] = 0
    # W = V coordinates: in V the curvature is about the same in all directions, however rows are scaled or correlated
    coordinates = _coordinates(CURVATURE * x.T @ x / len(x) + penalties.diag())
    columns = coordinates @ x.T
    places = torch.arange(len(rows), device=rows.device)

    def loss(v: Tensor) -> tuple[Tensor, Tensor]:
        weights = v @ coordinates
        penalised = penalties * weights
        log_p = (v @ columns).log_softmax(0)
        value = (penalised * weights).sum() / 2 - log_p[labels, places].mean()
        residual = log_p.exp_()
        residual[labels, places] -= 1
        return value, residual @ columns.T / len(rows) + penalised @ coordinates.T

    found = minimise(loss, rows.new_zeros(num_classes, x.shape[1]), iterations=iterations)
    weights = (found.point @ coordinates).T
    weights[-1] -= centre @ weights[:-1]
    return replace(found, point=weights)


def _coordinates(curvature: Tensor) -> Tensor:
    """B (D, D) with B curvature B^T = 1, of a positive semidefinite matrix; any regular B leaves the optimum alone."""
    # what has no curvature at all, a constant column without a penalty, gets some
    floor = 1e-12 * curvature.diagonal() + torch.finfo(curvature.dtype).tiny
    factor = torch.linalg.cholesky(curvature + floor.diag())
    unit = torch.eye(len(curvature), dtype=curvature.dtype, device=curvature.device)
    return torch.linalg.solve_triangular(factor, unit, upper=False)
