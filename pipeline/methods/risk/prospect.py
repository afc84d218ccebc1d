"""Last losses, weights and gradients of all examples are kept: losses give the weights, the rest steps without bias."""

from pipeline.contract import Context, setting
from pipeline.methods.risk import OneByOne, Problem, State
from pipeline.ops.spectral_risk import Array


class Prospect(OneByOne):
    """With i uniform, g_i the gradient of l_i at w, and what is kept of each example marked by ~ (algorithm 1):

        v = n q_i g_i - n rho_i g~_i + sum_j rho_j g~_j
        w <- (w - eta v) / (1 + eta mu)
        l~_i = l_i,  rho_i = q_i,  g~_i = g_i,  q = argmax over P(sigma) of q.l~ - (n nu / 2) |q - 1/n|^2

    Kept losses and gradients are at first those of w = 0. Given the past, the mean of v over i is the risk's gradient
    with the weights q; both its noise and the bias of q go as w comes to rest, so that a constant eta will do, the only
    one to be chosen. The authors solve for q after every step; `renewal` is after how many.
    """

    paper = "prospect"
    renewal: int = setting(1, unit="steps", low=1)

    def build(self, context: Context) -> None:
        super().build(context)
        for name in ("losses", "q", "rho"):
            self.keep(name, context.train_examples)
        self.keep("slopes", context.train_examples, self.outputs)
        self.keep("average", *self.weights.shape)
        self.keep("steps")

    def begin(self, state: State, problem: Problem) -> None:
        state.losses[:], state.slopes[:] = problem.parts(state.weights)
        state.q[:] = self.first(state, problem)
        state.rho[:] = state.q
        state.average[:] = problem.gradient(state.rho, state.slopes)
        state.gradients += len(problem.rows)

    def first(self, state: State, problem: Problem) -> Array:
        return self.renewed(state, problem)

    def move(self, state: State, problem: Problem, place: int, rate: float) -> float:
        n, w, q = len(problem.rows), state.weights, state.q[place]
        loss, slope = problem.part(w, place)
        change = problem.rows[place][:, None] * (q * slope - state.rho[place] * state.slopes[place])
        w -= rate * (n * change + state.average)
        w /= 1 + rate * problem.risk.scale * problem.risk.l2
        state.average += change
        state.slopes[place], state.rho[place] = slope, q
        self.meet(state, place, loss)
        state.steps += 1
        if state.steps % self.renewal == 0:
            state.q[:] = self.renewed(state, problem, rate)
        return loss

    def meet(self, state: State, place: int, loss: float) -> None:
        state.losses[place] = loss

    def renewed(self, state: State, problem: Problem, rate: float = 0.0) -> Array:
        return problem.risk.weights(state.losses)
