"""Multinomial logistic regression of many small problems at once."""

import torch
from torch import Tensor

from pipeline.ops.lbfgs import minimise


@torch.no_grad()
def fitted_scores(
    support: Tensor, labels: Tensor, queries: Tensor, strength: float, tolerance: float = 1e-4, batch: int = 250
) -> Tensor:
    """(E, Q, K) logits of queries (E, Q, D), fitted to support (E, N, D) with labels (E, N) in 0..K-1.

    Least sum_i CE(W x_i + b, y_i) + |W|^2 / (2 strength), biases free: scikit-learn's LogisticRegression with
    C = `strength`. The weights are combinations of the support, so that each problem is solved in N coordinates. By
    L-BFGS on the sum over a batch of problems, in float64, until its gradient is `tolerance` of that at the start.
    """
    classes = int(labels.max()) + 1
    parts = zip(support.split(batch), labels.split(batch), queries.split(batch), strict=True)
    return torch.cat([_scores(s.double(), y, q.double(), classes, strength, tolerance) for s, y, q in parts]).to(
        queries
    )


def _scores(
    support: Tensor, labels: Tensor, queries: Tensor, classes: int, strength: float, tolerance: float
) -> Tensor:
    centre = support.mean(1, keepdim=True)
    basis, inside = torch.linalg.qr((support - centre).mT)
    x, asked = inside.mT, (queries - centre) @ basis
    # rows are examples; the last column is the bias
    x, asked = (torch.cat([part, part.new_ones(*part.shape[:2], 1)], 2) for part in (x, asked))
    penalties = x.new_full((x.shape[2],), 1 / strength)
    penalties[-1] = 0
    truth = torch.nn.functional.one_hot(labels, classes).to(x)

    def loss(weights: Tensor) -> tuple[Tensor, Tensor]:
        log_p = (x @ weights).log_softmax(2)
        penalised = penalties[:, None] * weights
        value = (penalised * weights).sum() / 2 - (truth * log_p).sum()
        return value, x.mT @ (log_p.exp() - truth) + penalised

    start = x.new_zeros(len(x), x.shape[2], classes)
    found = minimise(loss, start, iterations=2000, tolerance=tolerance).checked("logistic regression of episodes")
    return asked @ found
