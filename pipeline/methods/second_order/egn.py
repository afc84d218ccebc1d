"""Damped Gauss-Newton steps that are exact, since the system to be solved has the size of batch times classes."""

from collections.abc import Sequence

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, setting, torch
from pipeline.methods.second_order import SecondOrder
from pipeline.ops.per_example import jacobian
from pipeline.ops.vectors import give, split


class EGN(SecondOrder):
    """d = -(J^T Q J / b + lambda I)^-1 g = -J^T (Q J J^T + b lambda I)^-1 r, by the identity of Duncan and Guttman.

    J (b c, d) is the Jacobian of the logits, r = p - y, g = J^T r / b, and Q has for each example diag(p) - p p^T. In
    the system of b c unknowns, solved in float64, J J^T is all that is needed of J. Then the steps are averaged,
    m <- beta m + (1 - beta) d, with the bias of the first steps removed, and lambda follows the gain ratio rho, the
    fall of the batch's loss over the fall that the damped quadratic model promises: times 0.99 where rho > 0.75, times
    1.01 where rho < 0.25. w <- w + lr m with the study's rate. The paper's line search is left out. beta = 0.9 is ours.

    The library of the paper's first author (somax) has J^T L^T L J for J^T Q J, with the lower factor of Q = L L^T,
    where L^T J would give Q; here it is Q, as in the paper.
    """

    paper = "egn"
    training_only = ("average", "lambda_", "steps")
    damping: float = setting(1.0, low=1e-12)
    beta: float = setting(0.9, low=0.0, high=0.999)
    adaptive: bool = setting(True)

    average: Tensor
    lambda_: Tensor
    steps: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("average", torch.zeros_like(self.point))
        self.register_buffer("lambda_", torch.full((), self.damping, dtype=torch.float64))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def direction(self, slopes: Tensor, p: Tensor, r: Tensor) -> Tensor:
        """(d,) d, of J (b, c, d), and of p and r (b, c)."""
        flat, size = slopes.flatten(0, 1), r.numel()
        system = (flat @ flat.T).double().view(*r.shape, size)
        system = times_q(p.double(), system).view(size, size)
        system.diagonal().add_(len(r) * self.lambda_)
        found, _ = torch.linalg.solve_ex(system, r.double().flatten())  # no error where a run is lost, but no numbers
        return -(found.to(flat) @ flat)

    def step(self, batch: Batch, optimizers: Sequence[torch.optim.Optimizer], epoch: int) -> Tensor:
        images, labels = batch.views[0], batch.labels
        with torch.no_grad():
            logits, here = self.logits(self.encoder(images)), self.point
            loss, p = self.objective(logits, labels), logits.softmax(1)
            r = p - F.one_hot(labels, p.shape[1])
            slopes = jacobian(self, images)
            self.steps += 1
            self.average.lerp_(self.direction(slopes, p, r), 1 - self.beta)
            mean = self.average / (1 - self.beta ** int(self.steps))
            give(self.learnt, split(-mean, self.learnt))
        for optimizer in optimizers:
            optimizer.step()
        if self.adaptive:
            with torch.no_grad():
                self._adapt(slopes, p, r, self.point - here, loss - self.loss(batch))
        return loss

    def _adapt(self, slopes: Tensor, p: Tensor, r: Tensor, step: Tensor, fall: Tensor) -> None:
        """lambda by how far the quadratic model was right about a step (d,)."""
        change = slopes @ step
        curved = (change * times_q(p, change[..., None])[..., 0]).sum() / len(r) + self.lambda_ * step.square().sum()
        ratio = fall / -((change * r).sum() / len(r) + curved / 2)
        self.lambda_ *= torch.where(ratio > 0.75, 0.99, torch.where(ratio < 0.25, 1.01, 1.0))


def times_q(p: Tensor, matrices: Tensor) -> Tensor:
    """(b, c, n) the products of diag(p) - p p^T, for p (b, c), with matrices (b, c, n)."""
    scaled = p[..., None] * matrices
    return scaled - p[..., None] * scaled.sum(1, keepdim=True)
