"""Spectral risks of losses: weighted means in which greater losses weigh more, with a penalty on uneven weights.

f(w) = max over q in P(sigma) of sum_i q_i l_i(w) - (n nu / 2) |q - 1/n|^2 + (mu / 2) |w|^2. P(sigma) are the convex
combinations of all orders of the spectrum sigma_1 <= ... <= sigma_n, which is not negative and sums to one. nu = 0 is
the spectral risk itself, the greatest loss with the last sigma and so on; sigma = 1/n is the mean.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pipeline.ops.isotonic import isotonic
from pipeline.ops.lbfgs import Minimum, minimise

Array = np.ndarray
Smooth = Callable[[Array], tuple[float, Array]]


@dataclass(frozen=True)
class Risk:
    """A spectrum and two penalties. `scale` is a factor of the whole f, losses and penalties."""

    name: str = "superquantile"
    """"superquantile" (CVaR: the mean of the share 1 - level of the greatest losses), "extremile" (the expected maximum
    of `level` losses), "esrm" (sigma grows exponentially, by `level` in all) or "mean"."""
    level: float = 0.5
    shift_cost: float = 1.0
    """nu."""
    l2: float = 0.0
    """mu."""
    scale: float = 1.0

    def spectrum(self, n: int) -> Array:
        """(n,) ascending."""
        return spectrum(self.name, self.level, n)

    def weights(self, losses: Array) -> Array:
        """(n,) the maximising q."""
        return weights(losses, self.spectrum(len(losses)), self.scale * self.shift_cost * len(losses))

    def value(self, losses: Array, w: Array) -> float:
        """f."""
        n, q = len(losses), self.weights(losses)
        spread = self.scale * (n * self.shift_cost * float(np.square(q - 1 / n).sum()) / 2)
        return float(q @ losses) - spread + self.scale * self.l2 * float(np.square(w).sum()) / 2


@functools.lru_cache(maxsize=64)
def spectrum(name: str, level: float, n: int) -> Array:
    """(n,) ascending, the integral of the risk's density over each n-th of (0, 1). Not to be changed."""
    ends = np.arange(n + 1) / n
    if name == "superquantile":
        below = np.clip(ends - level, 0, None) / (1 - level)
    elif name == "extremile":
        below = ends**level
    elif name == "esrm":
        below = np.expm1(level * ends) / math.expm1(level)
    else:
        below = ends
    found: Array = np.diff(below)
    found.setflags(write=False)
    return found


def weights(losses: Array, sigma: Array, strength: float) -> Array:
    """argmax over q in P(sigma) of q.l - (strength / 2) |q - 1/n|^2: l / strength + 1/n, projected onto P(sigma).

    Along the order of the losses the projection takes away what isotonic regression makes of the excess over sigma.
    Without a strength q is sigma in the order of the losses.
    """
    n = len(losses)
    order = np.argsort(losses, kind="stable")
    found = np.empty(n)
    if not strength:
        found[order] = sigma
        return found
    wanted = losses[order] / strength + 1 / n
    found[order] = _capped(wanted, sigma[-1]) if _flat(sigma) else wanted - isotonic(wanted - sigma)
    return found


def _flat(sigma: Array) -> bool:
    """Whether all but one of the spectrum's numbers are nought or its greatest: then P is the simplex with a cap."""
    return int(((sigma > 1e-12 * sigma[-1]) & (sigma < (1 - 1e-9) * sigma[-1])).sum()) <= 1


def _capped(wanted: Array, cap: float) -> Array:
    """The point of {0 <= q <= cap, sum q = 1} nearest to an ascending (n,): clip(wanted - tau, 0, cap).

    The sum of it falls with tau in straight pieces, between where a number leaves its cap and where it comes to nought.
    """
    n = len(wanted)
    sums = np.concatenate([[0.0], np.cumsum(wanted)])
    ends = np.sort(np.concatenate([wanted - cap, wanted]))
    # at each end: numbers from `full` on are at the cap, those from `some` on above nought
    full, some = np.searchsorted(wanted, ends + cap), np.searchsorted(wanted, ends)
    totals = cap * (n - full) + sums[full] - sums[some] - (full - some) * ends
    place = max(int(np.searchsorted(-totals, -1.0, side="right")) - 1, 0)
    first, last = ends[place], ends[min(place + 1, 2 * n - 1)]
    fall = totals[place] - totals[min(place + 1, 2 * n - 1)]
    # where all are at the cap, rounding may leave less than one to begin with
    tau = first + (last - first) * max(totals[place] - 1.0, 0.0) / fall if fall > 0 else first
    return np.clip(wanted - tau, 0.0, cap)


@dataclass(frozen=True)
class Problem:
    """A spectral risk of a linear model's losses on rows (n, d): cross-entropy of K classes, or half squared errors."""

    risk: Risk
    rows: Array
    targets: Array
    """(n,) int64 classes, or numbers."""
    outputs: int
    """K; 1 where targets are numbers."""

    @property
    def shape(self) -> tuple[int, int]:
        """Of the weights."""
        return self.rows.shape[1], self.outputs

    def parts(self, w: Array, chosen: "Array | slice" = slice(None)) -> tuple[Array, Array]:
        """(m,) losses and (m, K) slopes of them in the model's outputs, of the rows chosen."""
        losses, slopes = output_losses(self.rows[chosen] @ w, self.targets[chosen])
        return self.risk.scale * losses, self.risk.scale * slopes

    def part(self, w: Array, place: int) -> tuple[float, Array]:
        """The same of one row: a float, and (K,)."""
        scores, scale = self.rows[place] @ w, self.risk.scale
        if self.outputs == 1:
            slope = scores - self.targets[place]
            return scale * float(slope[0] * slope[0]) / 2, scale * slope
        target = self.targets[place]
        top = scores.max()
        scores -= top
        right = scores[target]
        np.exp(scores, out=scores)
        total = scores.sum()
        scores *= scale / total
        scores[target] -= scale
        return scale * (math.log(total) - float(right)), scores

    def gradient(self, q: Array, slopes: Array, chosen: "Array | slice" = slice(None)) -> Array:
        """(d, K): the sum of the chosen rows' gradients by weights q."""
        found: Array = self.rows[chosen].T @ (q[:, None] * slopes)
        return found

    def value(self, w: Array) -> float:
        return self.risk.value(self.parts(w)[0], w)


def output_losses(scores: Array, targets: Array) -> tuple[Array, Array]:
    """(m,) losses of outputs (m, K), and their slopes (m, K)."""
    if scores.shape[1] == 1:
        slopes = scores - targets[:, None]
        return slopes[:, 0] ** 2 / 2, slopes
    places = np.arange(len(scores))
    scores = scores - scores.max(1, keepdims=True)
    right = scores[places, targets]
    slopes = np.exp(scores)
    totals = slopes.sum(1, keepdims=True)
    slopes = slopes / totals
    slopes[places, targets] -= 1
    return np.log(totals[:, 0]) - right, slopes


def with_shift_cost(problem: Problem, shift_cost: float) -> Smooth:
    """f and its gradient at weights (d, K), with another nu."""
    own = problem.risk
    risk = Risk(own.name, own.level, shift_cost, own.l2, own.scale)

    def function(w: Array) -> tuple[float, Array]:
        losses, slopes = problem.parts(w)
        return risk.value(losses, w), problem.gradient(risk.weights(losses), slopes) + risk.scale * risk.l2 * w

    return function


SMOOTHING = (0.1, 0.01, 1e-3, 1e-4)
"""The penalties with which a risk that has none is approached."""
CERTAIN = 1e-4
"""Of the way from the start: by strong convexity |gradient|^2 / (2 mu) is the most that is left of it."""


def minimum(problem: Problem) -> tuple[float, Minimum]:
    """f's minimum, by L-BFGS from w = 0 until nothing is left to gain, and how it ended; mu must be more than 0.

    A risk without a penalty on weights has kinks, at which L-BFGS stops short. It is minimised with ever smaller ones,
    each from the last minimum. What is returned then is the last one's minimum, which lies below f's by no more than
    its penalty can be. There rounding ends L-BFGS early, and what the gradient leaves to gain decides.
    """
    import torch

    risk, start = problem.risk, np.zeros(problem.shape)
    for cost in (risk.shift_cost,) if risk.shift_cost else SMOOTHING:
        smooth = with_shift_cost(problem, cost)

        def function(w: torch.Tensor, smooth: Smooth = smooth) -> tuple[torch.Tensor, torch.Tensor]:
            value, gradient = smooth(w.numpy())
            return torch.tensor(value, dtype=torch.float64), torch.from_numpy(gradient)

        found = minimise(function, torch.from_numpy(start), history=30, tolerance=1e-10)
        start = found.point.numpy()
    value, gradient = smooth(start)
    left = float(np.square(gradient).sum()) / (2 * risk.scale * risk.l2)
    sure = left <= CERTAIN * (problem.value(np.zeros(problem.shape)) - value)
    return value, replace(found, converged=found.converged or sure)


NEAREST, FURTHEST = 1e-12, 1e3
"""Of the start's distance from the minimum: what lies nearer, or further off, counts as that. Rounding is not far below
the one; beyond the other a run is lost, and it does not matter how far."""


def gaps(course: Array, least: float) -> Array:
    """log10 of (f - least) / (f_0 - least) of values f_0, f_1, ..."""
    found: Array = np.log10(np.clip((course - least) / (course[0] - least), NEAREST, FURTHEST))
    return found
