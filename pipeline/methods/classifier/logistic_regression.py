"""Classes by a straight line: multinomial logistic regression on the inputs themselves, solved to the optimum."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, TrainingSet, nn, setting, torch
from pipeline.methods.classifier import Classifier
from pipeline.ops.lbfgs import minimise


class LogisticRegression(Classifier):
    """min_W,b -sum_i log p_y(x_i) + penalty |W|^2 / 2 with p = softmax(W x + b); b is not penalised.

    Convex, solved at once in float64. Textbook; no paper of the catalogue is its source.
    """

    paper = ""
    views: tuple[str, ...] = ()
    phases: tuple[float, ...] = (0.0,)
    penalty: float = setting(1.0, low=0.0)
    iterations: int = setting(1000, unit="steps of L-BFGS", low=1)

    head: nn.Linear

    def build(self, context: Context) -> None:
        self.encoder = nn.Flatten()
        self.head = nn.Linear(torch.Size(context.inputs.shape).numel(), context.num_classes)

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        rows = torch.cat([self.encoder(part) for part in training.plain()]).double()
        rows = torch.cat([rows, torch.ones_like(rows[:, :1])], 1)
        classes = F.one_hot(training.labels, self.head.out_features).double()
        penalties = torch.full_like(rows[:1].T, self.penalty)
        penalties[-1] = 0

        def cost(weights: Tensor) -> tuple[Tensor, Tensor]:
            """Value and gradient at weights (D + 1, K), over the number of rows: tolerances should not depend on it."""
            log_p = (rows @ weights).log_softmax(1)
            value = -(classes * log_p).sum() + (penalties * weights**2).sum() / 2
            slope = rows.T @ (log_p.exp() - classes) + penalties * weights
            return value / len(rows), slope / len(rows)

        start = torch.zeros(rows.shape[1], classes.shape[1], dtype=rows.dtype, device=rows.device)
        weights = minimise(cost, start, iterations=self.iterations)
        self.head.weight.copy_(weights[:-1].T)
        self.head.bias.copy_(weights[-1])
