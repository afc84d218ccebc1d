"""Sums of small models, each fitted to what those before it left over; the rows of a table are their own features."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import torch.nn.functional as F

from pipeline.contract import Context, Method, Tensor, TrainingSet, nn, setting, torch
from pipeline.methods.classifier import Classifier
from pipeline.methods.regression import Regressor
from pipeline.ops.hidden_layer import HiddenLayer
from pipeline.ops.trees import Forest


class Boosting(Method):
    """F(x) = F_0 + sum_{m <= M} f_m(x), fitted at once; M is what did best on rows held out, then all are fitted to.

    Shapes: rows (N, D) float32, standardised; labels (N,); F(x) (N, K) float64. State is made for `rounds` rounds and
    filled anew by each fit. With no share held out all rounds are used.
    """

    uses_labels = True
    views: tuple[str, ...] = ()
    phases: tuple[float, ...] = (0.0,)
    rounds: int = setting(200, low=1)
    held_out: float = setting(0.2, unit="share of the training rows", low=0.0, high=0.9)

    used: Tensor
    """M, () int64."""
    base: Tensor
    """F_0, (K,) float64."""

    def build(self, context: Context) -> None:
        self.encoder = nn.Flatten()
        self.columns = math.prod(context.inputs.shape)
        self.seed = context.seed % 2**32  # as numpy takes it
        self.register_buffer("used", torch.tensor(self.rounds))
        self.register_buffer("base", torch.zeros(self.outputs(context), dtype=torch.float64))

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        rows = torch.cat([self.encoder(part) for part in training.plain()]).cpu()
        labels, rounds = training.labels.cpu(), self.rounds
        if away := round(self.held_out * len(rows)):
            held, kept = torch.randperm(len(rows)).split([away, len(rows) - away])
            rounds = self.choose((rows[kept], labels[kept]), (rows[held], labels[held]))
        self.fit(rows, labels, rounds)

    def choose(self, kept: tuple[Tensor, Tensor], held: tuple[Tensor, Tensor]) -> int:
        """M: the number of rounds that does best on the rows and labels held out when fitted to those kept."""
        self.fit(*kept, self.rounds)
        rows, labels = held
        losses = torch.stack([self.score(outputs, labels) for outputs in self.stages(rows)])
        return 1 + int(losses.argmin())

    def stages(self, rows: Tensor) -> Tensor:
        """(M, N, K) on the CPU: F after each round."""
        return (self.base + self.contributions(rows.to(self.base.device)).cumsum(0)).cpu()

    def total(self, features: Tensor) -> Tensor:
        """(N, K): F, in float64."""
        return self.base + self.contributions(features).sum(0)

    def outputs(self, context: Context) -> int:
        """K."""
        raise NotImplementedError

    def fit(self, rows: Tensor, labels: Tensor, rounds: int) -> None:
        """Fill the buffers with at most so many rounds, whose number goes into `used`. Data are on the CPU."""
        raise NotImplementedError

    def contributions(self, rows: Tensor) -> Tensor:
        """(M, N, K) float64: f_m(x)."""
        raise NotImplementedError

    def score(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """The mean loss of F(x) = outputs (N, K) on labels (N,), by which M is chosen; a scalar."""
        raise NotImplementedError


class BoostedRegressor(Boosting, Regressor):
    """F(x) is the prediction."""

    def outputs(self, context: Context) -> int:
        return 1

    def score(self, outputs: Tensor, labels: Tensor) -> Tensor:
        return F.mse_loss(outputs[:, 0], labels.double())

    def predict(self, features: Tensor) -> Tensor:
        return self.total(features)[:, 0].float()


class BoostedClassifier(Boosting, Classifier):
    """F(x) are the logits."""

    def outputs(self, context: Context) -> int:
        return context.num_classes

    def score(self, outputs: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(outputs, labels)

    def logits(self, features: Tensor) -> Tensor:
        return self.total(features).float()


class TreeBoosting(Boosting):
    """f_m are small trees, one for each output."""

    depth: int = setting(3, unit="splits", low=1, high=8)
    rate: float = setting(0.1, low=1e-4, high=1.0)

    forest: Forest

    def build(self, context: Context) -> None:
        super().build(context)
        self.forest = Forest(self.rounds, len(self.base), self.depth)

    def contributions(self, rows: Tensor) -> Tensor:
        found: Tensor = self.forest(rows, int(self.used))
        return found


class StochasticGradientBoosting(TreeBoosting):
    """As scikit-learn does it, on a random part of the rows for each tree and of the columns for each split."""

    subsample: float = setting(0.5, unit="share of the rows", low=0.01, high=1.0)
    of_columns: float = setting(0.5, unit="share of the columns", low=0.01, high=1.0)

    def fit_trees(self, make: Callable[..., Any], rows: Tensor, labels: Tensor, rounds: int, base: Tensor) -> None:
        """Fit scikit-learn's estimator and take over its trees, which are those of the last of the outputs."""
        model = make(
            n_estimators=rounds,
            learning_rate=self.rate,
            max_depth=self.depth,
            subsample=self.subsample,
            max_features=self.of_columns,
            random_state=self.seed,
        ).fit(rows.numpy(), labels.numpy())
        self.base.copy_(base)
        self.used.fill_(rounds)
        self.forest.clear()
        for m, trees in enumerate(model.estimators_):
            for k, tree in enumerate(trees, len(self.base) - len(trees)):
                self.forest.put((m, k), tree.tree_, self.rate)


class Units(Boosting):
    """f_m are groups of logistic units; all together they are one network of a hidden layer."""

    units: int = setting(1, unit="units a round", low=1)
    iterations: int = setting(200, unit="steps of L-BFGS", low=1)

    network: HiddenLayer

    def build(self, context: Context) -> None:
        super().build(context)
        self.network = HiddenLayer(self.rounds, self.units, self.columns, len(self.base))

    def contributions(self, rows: Tensor) -> Tensor:
        found: Tensor = self.network(rows, int(self.used))
        return found

    def group(self, make: Callable[..., Any], rows: Tensor, targets: Tensor, draws: Any) -> tuple[Tensor, ...]:
        """Weights (J, D), (J,), (J, C), (C,) of a group fitted by scikit-learn's estimator, with its weight decay.

        draws: numpy's RandomState, for the weights that it begins with.
        """
        from sklearn.exceptions import ConvergenceWarning

        model = make(
            hidden_layer_sizes=(self.units,),
            activation="logistic",
            solver="lbfgs",
            max_iter=self.iterations,
            tol=0.0,
            random_state=draws,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a tolerance of 0 is never met
            model.fit(rows.double().numpy(), targets.numpy())
        (inside, outside), (threshold, shift) = model.coefs_, model.intercepts_
        return tuple(map(torch.from_numpy, (inside.T, threshold, outside, shift)))


class JointUnits(Units):
    """All units are one group, fitted as a whole, with as many steps of L-BFGS as do best on the rows held out.

    Those tried are `iterations` and its halves. F_0 = 0.
    """

    rounds: int = 1
    units: int = 200

    def choose(self, kept: tuple[Tensor, Tensor], held: tuple[Tensor, Tensor]) -> int:
        rows, labels = held
        tried = [self.iterations >> halved or 1 for halved in range(6)]

        def loss(steps: int) -> float:
            self.iterations = steps
            self.fit(*kept, 1)
            return float(self.score(self.total(rows.to(self.base.device)).cpu(), labels))

        self.iterations = min(tried, key=loss)
        return 1

    def fit(self, rows: Tensor, labels: Tensor, rounds: int) -> None:
        import numpy as np

        make, targets = self.estimator(labels)
        inside, threshold, outside, shift = self.group(make, rows, targets, np.random.RandomState(self.seed))
        # of two classes scikit-learn has one output, the logit of the second
        spread = torch.eye(len(self.base), dtype=torch.float64)[-len(shift) :]
        self.network.put(0, inside, threshold, outside @ spread, shift @ spread)

    def estimator(self, labels: Tensor) -> tuple[Callable[..., Any], Tensor]:
        """scikit-learn's network of the members' kind, and what it is fitted to."""
        raise NotImplementedError


class GrownUnits(Units):
    """f_m is fitted by least squares to the pseudo-residuals r = -dL / dF_{m-1} of a random part of the rows,

    and multiplied by the rate and by the Newton step of L along f_m on all rows. Members have F in C numbers, of which
    a fixed matrix (C, K) makes the outputs.
    """

    rate: float = setting(1.0, low=1e-4, high=1.0)
    subsample: float = setting(0.5, unit="share of the rows", low=0.01, high=1.0)

    def fit(self, rows: Tensor, labels: Tensor, rounds: int) -> None:
        import numpy as np
        from sklearn.neural_network import MLPRegressor

        draws, part = np.random.RandomState(self.seed), max(1, int(self.subsample * len(rows)))
        start, spread = self.start(labels)
        self.base.copy_(start @ spread)
        self.network.clear()
        total = start.expand(len(rows), -1)
        for m in range(rounds):
            residuals = self.residuals(total, labels)
            chosen = torch.from_numpy(draws.choice(len(rows), part, replace=False))
            targets = residuals[chosen].squeeze(1)  # scikit-learn wants a single target without its axis
            inside, threshold, outside, shift = self.group(MLPRegressor, rows[chosen], targets, draws)
            found = torch.sigmoid(rows.double() @ inside.T + threshold) @ outside + shift
            scale = self.rate * self.newton(total, residuals, found, labels)
            if not math.isfinite(scale):  # 0 / 0: nothing is left over
                break
            self.network.put(m, inside, threshold, scale * outside @ spread, scale * shift @ spread)
            total = total + scale * found
            self.used.fill_(m + 1)

    def start(self, labels: Tensor) -> tuple[Tensor, Tensor]:
        """F_0 in C numbers, (C,), and the matrix (C, K) that makes outputs of them."""
        raise NotImplementedError

    def residuals(self, total: Tensor, labels: Tensor) -> Tensor:
        """r (N, C) at F = total (N, C)."""
        raise NotImplementedError

    def newton(self, total: Tensor, residuals: Tensor, found: Tensor, labels: Tensor) -> float:
        """The step along f_m = found (N, C)."""
        raise NotImplementedError
