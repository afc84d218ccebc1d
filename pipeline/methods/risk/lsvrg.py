"""All losses and gradients are taken anew from time to time, and steps in between add only what has changed since."""

from pipeline.contract import Context
from pipeline.methods.risk import OneByOne, Problem, State


class Lsvrg(OneByOne):
    """With q and the gradient G of the risk at a checkpoint, and the examples' gradients g~ there (Mehta et al. 2023):

        w <- w - eta (n q_i (g_i - g~_i) + G + mu w)

    A checkpoint is made after every n steps and costs n gradients, so that a batch is half as many steps. q is the
    smoothed risk's, and stays until the next checkpoint.
    """

    paper = "prospect"
    spent = 2

    def build(self, context: Context) -> None:
        super().build(context)
        self.keep("q", context.train_examples)
        self.keep("slopes", context.train_examples, self.outputs)
        self.keep("average", *self.weights.shape)
        self.keep("steps")

    def move(self, state: State, problem: Problem, place: int, rate: float) -> float:
        n, w, risk = len(problem.rows), state.weights, problem.risk
        if state.steps % n == 0:
            losses, state.slopes[:] = problem.parts(w)
            state.q[:] = risk.weights(losses)
            state.average[:] = problem.gradient(state.q, state.slopes)
            state.gradients += n
        loss, slope = problem.part(w, place)
        change = problem.rows[place][:, None] * (n * state.q[place] * (slope - state.slopes[place]))
        w -= rate * (change + state.average + risk.scale * risk.l2 * w)
        state.steps += 1
        return loss
