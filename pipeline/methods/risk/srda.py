"""Batches' gradients are averaged since the start, and the weights are what answers their mean."""

from pipeline.contract import Context
from pipeline.methods.risk import Problem, RiskMinimiser, State
from pipeline.ops.spectral_risk import Array


class Srda(RiskMinimiser):
    """Regularised dual averaging (Xiao 2009): with G the mean of t batches' gradients, w = -G / (mu + 1 / (eta t)).

    A batch's gradient is as biased as that of `sgd_risk`.
    """

    paper = "prospect"

    def build(self, context: Context) -> None:
        super().build(context)
        self.keep("average", *self.weights.shape)
        self.keep("steps")

    def advance(self, state: State, problem: Problem, places: Array, rate: float) -> float:
        risk = problem.risk
        losses, slopes = problem.parts(state.weights, places)
        state.steps += 1
        gradient = problem.gradient(risk.weights(losses), slopes, places)
        state.average += (gradient - state.average) / state.steps
        state.weights[:] = -state.average / (risk.scale * risk.l2 + 1 / (rate * state.steps))
        state.gradients += len(places)
        return float(losses.mean())
