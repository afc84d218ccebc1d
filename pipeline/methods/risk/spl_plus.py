"""CVaR's kink is kept and only the loss made linear: a step that would pass the kink ends on it."""

from math import sqrt
from typing import Any

from pipeline.contract import setting
from pipeline.methods.risk import State
from pipeline.methods.risk.sgm_cvar import SgmCvar


class SplPlus(SgmCvar):
    """The stochastic prox-linear step: the minimum over w', a' of

        a' + max(l_i + <g_i, w' - w> - a', 0) / (1 - b) + mu |w'|^2 / 2 + |w' - w|^2 / (2 gamma) + (a' - a)^2 / (2 h)

    which is w' = (w - gamma s g_i) / (1 + gamma mu), a' = a - h (1 - s) with

        s = clip((l_i - a - c mu <g_i, w> + h) / (c |g_i|^2 + h), 0, 1 / (1 - b)),    c = gamma / (1 + gamma mu)

    At s = 0 and 1 / (1 - b) it is the subgradient step; between, linearised loss and quantile meet. Derived here from
    the model, with the penalty in it. gamma and h adapt to the losses' size by m, their mean at w = 0:
    gamma = eta / (m sqrt(t)), h = `quantile_pace` eta m / sqrt(t), so that a factor of all losses changes no step of w.
    The paper's own scaling could not be read. Without `adapt` it is SPL, with the lengths of the subgradient method.
    """

    paper = "spl_plus"
    adapt: bool = setting(True)

    def lengths(self, state: State, rate: float) -> tuple[float, float]:
        if not self.adapt:
            return super().lengths(state, rate)
        step, typical = rate / sqrt(state.steps), float(state.typical)
        return step / typical, self.quantile_pace * step * typical

    def share(self, excess: float, gamma: float, h: float, decay: float, w: Any, gradient: Any) -> float:
        row, slope = gradient
        shrunk = gamma / (1 + gamma * decay)
        along = float(row @ w @ slope)
        steep = float(row @ row) * float(slope @ slope)
        met = (excess - decay * shrunk * along + h) / (shrunk * steep + h)
        return min(max(met, 0.0), 1 / (1 - self.risk.level))
