"""One hidden layer of units that are powers of sums, trained to the largest normalised margin."""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class MonomialNetwork:
    """f(x) = sum_i (u_i . x)^k w_i, with cross-entropy and decay on the norms of units to some power.

    Of (u_i, w_i) together the norm is taken, and decay is that of sum_i |(u_i, w_i)|^power. With a power of k + 1, the
    degree in which outputs grow with the weights, networks of the least loss have the largest margin of |.|_(2, k+1) as
    decay goes to 0.
    """

    inputs: Array
    """(N, D)."""
    labels: Array
    """(N,) classes."""
    classes: int
    units: int
    degree: int
    """k."""
    decay: float
    power: int
    rectified: bool = False
    """Units are (u_i . x)_+ instead."""

    def split(self, flat: Array) -> tuple[Array, Array]:
        """u (D, units) and w (classes, units)."""
        weights = flat.reshape(-1, self.units)
        return weights[: self.inputs.shape[1]], weights[self.inputs.shape[1] :]

    def loss(self, flat: Array) -> tuple[float, Array]:
        """The objective and its gradient."""
        u, w = self.split(flat)
        sums = self.inputs @ u
        hidden, slope = self._units(sums)
        outputs = hidden @ w.T
        outputs -= outputs.max(1, keepdims=True)
        rows, powers = np.arange(len(outputs)), np.exp(outputs)
        totals = powers.sum(1, keepdims=True)
        fit = (np.log(totals[:, 0]) - outputs[rows, self.labels]).mean()
        errors = powers / totals
        errors[rows, self.labels] -= 1
        errors /= len(rows)
        weights, norms = flat.reshape(-1, self.units), self.norms(flat)
        shrink = self.decay * self.power * norms ** (self.power - 2) * weights
        gradient = np.concatenate([self.inputs.T @ ((errors @ w) * slope), errors.T @ hidden]) + shrink
        return float(fit + self.decay * (norms**self.power).sum()), gradient.ravel()

    def _units(self, sums: Array) -> tuple[Array, Array]:
        if self.rectified:
            return np.maximum(sums, 0), (sums > 0).astype(np.float64)
        below = sums ** (self.degree - 1)
        return below * sums, self.degree * below

    def trained(self, start: Array) -> Array:
        """Weights where L-BFGS on all examples at once comes to rest."""
        from scipy.optimize import minimize

        options = {"maxiter": 600, "maxfun": 1200, "gtol": 1e-10, "ftol": 1e-15, "maxcor": 20}
        found: Array = minimize(self.loss, start, jac=True, method="L-BFGS-B", options=options).x
        return found

    def started(self, random: np.random.Generator, scale: float) -> Array:
        return scale * random.normal(size=(self.inputs.shape[1] + self.classes) * self.units)

    def norms(self, flat: Array) -> Array:
        """(units,)."""
        return np.linalg.norm(flat.reshape(-1, self.units), axis=0)

    def counting(self, flat: Array) -> Array:
        """(units,) of bool: those whose share in sum_i |(u_i, w_i)|^(k + 1) is a thousandth of the largest one's."""
        powers = self.norms(flat) ** (self.degree + 1)
        found: Array = powers > 1e-3 * powers.max()
        return found

    def margin(self, flat: Array) -> float:
        """The least margin over sum_i |(u_i, w_i)|^(k + 1)."""
        u, w = self.split(flat)
        outputs = self._units(self.inputs @ u)[0] @ w.T
        rows = np.arange(len(outputs))
        right = outputs[rows, self.labels].copy()
        outputs[rows, self.labels] = -np.inf
        return float((right - outputs.max(1)).min() / (self.norms(flat) ** (self.degree + 1)).sum())
