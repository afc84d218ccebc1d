"""Minimisers of a spectral risk of a linear model's losses, in float64: what is minimised is said by the protocol.

    f(w) = max over q in P(sigma) of sum_i q_i l_i(w) - (n nu / 2) |q - 1/n|^2 + (mu / 2) |w|^2    (`ops.spectral_risk`)

All start at w = 0 and take the study's learning rate as their step size eta, times `pace`. A batch is so many
gradients of single examples: those that move example by example draw them anew with replacement, and the others take
the batch. n is the number of training rows x_i, which have a constant column and about unit length: a view of d - 1
features is divided by the root of d. All that is kept of an example's gradient is its slope in the model's K outputs,
since the gradient is x_i times that.
"""

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np

from pipeline.contract import Batch, Context, Method, Tensor, TrainingSet, nn, setting, torch
from pipeline.ops.spectral_risk import Array, Problem, Risk

__all__ = ["OneByOne", "Problem", "RiskMinimiser", "State"]

State = SimpleNamespace
"""The method's weights and buffers as numpy arrays, by name; what is written to them stays."""
ASTRAY = 1e4
"""Where a weight gets greater, steps were too long: weights are shortened to this and stay there, so that how far off
the run has got remains a number."""


class RiskMinimiser(Method):
    """Members override `advance`, and `begin` where they keep something of the data."""

    kind = "risk_minimiser"
    uses_labels = True
    views = ("plain",)
    training_only = ("rows", "targets", "losses", "slopes", "q", "rho", "average", "pending")
    risk: Risk
    """Set by the protocol before training."""
    pace: float = setting(1.0, low=0.0)

    def build(self, context: Context) -> None:
        n, d, self.outputs = context.train_examples, context.feature_dim + 1, max(context.num_classes, 1)
        self.weights = nn.Parameter(torch.zeros(d, self.outputs, dtype=torch.float64))
        self.keep("rows", n, d)
        self.register_buffer("targets", torch.zeros(n, dtype=torch.int64 if context.num_classes else torch.float64))
        self.keep("course", context.epochs)
        self.keep("gradients")

    def keep(self, name: str, *shape: int) -> None:
        """Register a buffer of zeros."""
        self.register_buffer(name, torch.zeros(shape, dtype=torch.float64))

    def represent(self, views: Tensor) -> Tensor:
        """(B, d) float64 rows of plain views."""
        features = self.encoder(views).double()
        constant = features.new_ones(len(features), 1)
        return torch.cat([features, constant], 1) / (features.shape[1] + 1) ** 0.5

    def score(self, views: Tensor) -> Tensor:
        """(B, K) outputs of the model."""
        return self.represent(views) @ self.weights.detach()

    def problem(self, state: State) -> Problem:
        return Problem(self.risk, state.rows, state.targets, self.outputs)

    def opened(self) -> State:
        names = dict(self.named_buffers(recurse=False)) | {"weights": self.weights}
        return SimpleNamespace(**{name: tensor.detach().cpu().numpy() for name, tensor in names.items()})

    def close(self, state: State) -> None:
        """Take over what was written, where it is not the same memory anyway."""
        if self.weights.device.type != "cpu":
            for name, array in vars(state).items():
                getattr(self, name).data.copy_(torch.from_numpy(array))

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        rows = torch.cat([self.represent(part) for part in training.plain()])
        self.get_buffer("rows").copy_(rows)
        self.get_buffer("targets").copy_(training.labels)
        state = self.opened()
        self.begin(state, self.problem(state))
        self.close(state)

    def renew(self, epoch: int, training: TrainingSet) -> None:
        state = self.opened()
        state.course[epoch] = self.problem(state).value(state.weights)
        self.close(state)

    def step(self, batch: Batch, optimizers: Sequence[torch.optim.Optimizer], epoch: int) -> Tensor:
        state = self.opened()
        rate = self.pace * optimizers[0].param_groups[0]["lr"]
        if np.abs(state.weights).max() >= ASTRAY:
            return torch.tensor(ASTRAY, device=self.weights.device)
        loss = self.advance(state, self.problem(state), batch.indices.cpu().numpy(), rate)
        if (length := np.abs(state.weights).max()) > ASTRAY:
            state.weights *= ASTRAY / length
        self.close(state)
        return torch.tensor(min(loss, ASTRAY), dtype=torch.float32, device=self.weights.device)

    def begin(self, state: State, problem: Problem) -> None:
        """Before the first step."""

    def advance(self, state: State, problem: Problem, places: Array, rate: float) -> float:
        """Move `state.weights` by as many gradients as there are places; the mean loss met."""
        raise NotImplementedError


class OneByOne(RiskMinimiser):
    """Members override `move`."""

    spent: int = 1
    """Gradients that a step stands for."""

    def advance(self, state: State, problem: Problem, places: Array, rate: float) -> float:
        drawn = torch.randint(len(problem.rows), (len(places) // self.spent,)).tolist()
        state.gradients += len(drawn)
        return sum(self.move(state, problem, place, rate) for place in drawn) / len(drawn)

    def move(self, state: State, problem: Problem, place: int, rate: float) -> float:
        """One step on an example; its loss."""
        raise NotImplementedError
