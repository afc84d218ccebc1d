"""CVaR by its quantile: a loss above the quantile's estimate moves model and estimate, one below the estimate alone."""

from math import sqrt

from pipeline.contract import Context, setting
from pipeline.errors import UserError
from pipeline.methods.risk import OneByOne, Problem, State


class SgmCvar(OneByOne):
    """The stochastic subgradient method on min over w, a of a + E max(l - a, 0) / (1 - b), b the share of small losses.

        above = [l_i > a] / (1 - b);  w <- (w - gamma above g_i) / (1 + gamma mu);  a <- a - h (1 - above)

    gamma = eta / sqrt(t) at step t, h is `quantile_pace` times as long, and a is at first the mean loss at w = 0.
    """

    paper = "spl_plus"
    quantile_pace: float = setting(1.0, low=0.0)

    def build(self, context: Context) -> None:
        super().build(context)
        if self.risk.name != "superquantile" or self.risk.shift_cost:
            raise UserError("risk: it has no quantile to be estimated; give it name: superquantile and shift_cost: 0")
        for name in ("quantile", "typical", "steps"):
            self.keep(name)

    def begin(self, state: State, problem: Problem) -> None:
        state.typical[...] = state.quantile[...] = problem.parts(state.weights)[0].mean()
        state.gradients += len(problem.rows)

    def lengths(self, state: State, rate: float) -> tuple[float, float]:
        """gamma and h."""
        step = rate / sqrt(state.steps)
        return step, self.quantile_pace * step

    def move(self, state: State, problem: Problem, place: int, rate: float) -> float:
        state.steps += 1
        gamma, h = self.lengths(state, rate)
        w, row, decay = state.weights, problem.rows[place], problem.risk.scale * problem.risk.l2
        loss, slope = problem.part(w, place)
        share = self.share(loss - float(state.quantile), gamma, h, decay, w, (row, slope))
        if share:
            w -= row[:, None] * (gamma * share * slope)
        w /= 1 + gamma * decay
        state.quantile -= h * (1 - share)
        return loss

    def share(self, excess: float, gamma: float, h: float, decay: float, w: object, gradient: object) -> float:
        """What the gradient is weighed by, from 0 to 1 / (1 - b)."""
        return float(excess > 0) / (1 - self.risk.level)
