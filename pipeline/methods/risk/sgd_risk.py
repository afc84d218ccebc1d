"""Each batch is stepped on as if its own spectral risk were that of all examples."""

from pipeline.methods.risk import Problem, RiskMinimiser, State
from pipeline.ops.spectral_risk import Array


class SgdRisk(RiskMinimiser):
    """w <- w - eta (sum_i q_i g_i + mu w), with q the weights of the batch's losses among themselves.

    The mean of small batches' risks is not the risk, so that the steps do not lead to its minimum however small eta
    is. The penalty on q is m nu of a batch of m, as n nu is that of the n examples; the authors' code keeps n nu, which
    in a batch leaves q all but even.
    """

    paper = "prospect"

    def advance(self, state: State, problem: Problem, places: Array, rate: float) -> float:
        w, risk = state.weights, problem.risk
        losses, slopes = problem.parts(w, places)
        w -= rate * (problem.gradient(risk.weights(losses), slopes, places) + risk.scale * risk.l2 * w)
        state.gradients += len(places)
        return float(losses.mean())
