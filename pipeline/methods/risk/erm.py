"""The mean of the losses is minimised in place of the risk, with even weights: empirical risk minimisation."""

import numpy as np

from pipeline.methods.risk import Problem, State
from pipeline.methods.risk.prospect import Prospect
from pipeline.ops.spectral_risk import Array


class Erm(Prospect):
    """q = 1/n: Prospect with it is SAGA (Defazio et al. 2014), which comes to the mean's minimum."""

    paper = ""

    def renewed(self, state: State, problem: Problem, rate: float = 0.0) -> Array:
        return np.full_like(state.q, 1 / len(state.q))
