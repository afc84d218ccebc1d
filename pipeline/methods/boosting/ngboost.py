"""A whole normal distribution is boosted, mean and deviation together, along the natural gradient of its likelihood."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, torch
from pipeline.methods.boosting import BoostedRegressor, TreeBoosting

TOLERANCE = 1e-4
"""Mean length of a step below which it counts as none."""
LARGEST = 256.0
"""Scale beyond which a step is not doubled again."""


class NGBoost(TreeBoosting, BoostedRegressor):
    """theta = (mu, log sigma), theta_m(x) = theta_{m-1}(x) - rate rho_m f_m(x), from the normal fitted to all targets.

    f_m are a tree for mu and one for log sigma, fitted to the natural gradients I(theta)^-1 grad S(theta, y) of the
    score S = -log N(y; mu, sigma), where I is its Fisher information (algorithm 1). rho_m by line search on the
    training score: from 1 doubled until the whole step is worse than none, then halved until it is better. As in the
    authors' code a step shorter than 1e-4 ends the search, and the boosting; no minibatches.
    """

    paper = "ngboost"
    rounds: int = 500
    rate: float = 0.01

    def outputs(self, context: Context) -> int:
        return 2

    def fit(self, rows: Tensor, labels: Tensor, rounds: int) -> None:
        from sklearn.tree import DecisionTreeRegressor

        targets, columns = labels.double(), rows.numpy()
        self.base.copy_(torch.stack([targets.mean(), targets.std(correction=0).log()]))
        self.forest.clear()
        theta = self.base.cpu().expand(len(rows), 2)
        for m in range(rounds):
            slopes = self.direction(theta, targets).numpy()
            learners = [DecisionTreeRegressor(max_depth=self.depth, random_state=self.seed) for _ in range(2)]
            trees = [learner.fit(columns, slopes[:, k]) for k, learner in enumerate(learners)]
            step = torch.stack([torch.from_numpy(tree.predict(columns)) for tree in trees], 1)
            scale = self.rate * self.line_search(theta, step, targets)
            for k, tree in enumerate(trees):
                self.forest.put((m, k), tree.tree_, -scale)
            theta = theta - scale * step
            self.used.fill_(m + 1)
            if step.norm(dim=1).mean() < TOLERANCE:
                break

    def direction(self, theta: Tensor, targets: Tensor) -> Tensor:
        """(N, 2): the natural gradient of the score in theta (N, 2); I = diag(1 / sigma^2, 2)."""
        slope = gradient(theta, targets)
        return torch.stack([slope[:, 0] * (2 * theta[:, 1]).exp(), slope[:, 1] / 2], 1)

    def line_search(self, theta: Tensor, step: Tensor, targets: Tensor) -> float:
        """rho for the step (N, 2)."""
        before, scale = self.score(theta, targets), 1.0
        while scale <= LARGEST and self.score(theta - scale * step, targets) <= before:
            scale *= 2
        length = step.norm(dim=1).mean()
        while scale * length >= TOLERANCE and not self.score(theta - scale * step, targets) < before:
            scale /= 2
        return scale

    def score(self, outputs: Tensor, labels: Tensor) -> Tensor:
        mean, log_deviation = outputs.unbind(1)
        return F.gaussian_nll_loss(mean, labels.double(), (2 * log_deviation).exp(), full=True, eps=0)

    def deviation(self, features: Tensor) -> Tensor:
        return self.total(features)[:, 1].exp().float()


def gradient(theta: Tensor, targets: Tensor) -> Tensor:
    """(N, 2): the gradient of -log N(y; mu, sigma) in theta = (mu, log sigma), at targets (N,)."""
    mean, log_deviation = theta.unbind(1)
    standardised = (targets - mean) / log_deviation.exp()
    return torch.stack([-standardised / log_deviation.exp(), 1 - standardised**2], 1)
