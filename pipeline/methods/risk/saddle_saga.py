"""The risk as a game: weights of examples climb by SAGA's steps while the model descends."""

from pipeline.contract import Context, setting
from pipeline.methods.risk import Problem, State
from pipeline.methods.risk.prospect import Prospect
from pipeline.ops.spectral_risk import Array, weights


class SaddleSaga(Prospect):
    """Prospect's steps of w, and of q a step too where Prospect solves for it (Palaniappan and Bach 2016):

        u = l~ + n (l_i - l~_i) e_i
        q <- argmin over P(sigma) of |q' - q - eta' u|^2 / 2 + eta' (n nu / 2) |q' - 1/n|^2

    from sigma in the order of the losses at w = 0; eta' = `dual` eta / n, which the authors couple so. After `renewal`
    examples q takes one step so many times as long, with the mean of their u.
    """

    paper = "prospect"
    dual: float = setting(1.0, low=0.0)

    def build(self, context: Context) -> None:
        super().build(context)
        self.keep("pending", context.train_examples)

    def first(self, state: State, problem: Problem) -> Array:
        return weights(state.losses, problem.risk.spectrum(len(state.losses)), 0.0)

    def meet(self, state: State, place: int, loss: float) -> None:
        state.pending[place] += loss - state.losses[place]
        state.losses[place] = loss

    def renewed(self, state: State, problem: Problem, rate: float = 0.0) -> Array:
        n, step = len(state.q), self.dual * self.renewal * rate / len(state.q)
        upward = state.losses - state.pending + n / self.renewal * state.pending
        state.pending[:] = 0
        strength = 1 + step * n * problem.risk.scale * problem.risk.shift_cost
        return weights(state.q + step * upward - 1 / n, problem.risk.spectrum(n), strength)
