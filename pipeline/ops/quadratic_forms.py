"""Weighted sums of noncentral chi-square variables: chances far into the lower tail, and one such variable fitted."""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Form:
    """sum_j w_j X_j of independent noncentral chi-squares, w_j > 0, by degrees of freedom and noncentralities."""

    weights: Array
    freedoms: Array
    shifts: Array

    def exponent(self, s: Array) -> Array:
        """log E exp(-s form), s of any shape."""
        bent = 1 + 2 * s[..., None] * self.weights
        found: Array = (-self.freedoms / 2 * np.log(bent) - s[..., None] * self.weights * self.shifts / bent).sum(-1)
        return found

    def log_chance(self, at: float) -> float:
        """log P(form <= at): the inverse Laplace transform along a hyperbola through the saddle point.

        The integrand is smooth and falls off exponentially, so that the trapezoidal rule is exact to rounding.
        """
        from scipy.optimize import brentq

        def slope(log_s: float) -> float:
            s = np.exp(log_s)
            bent = 1 + 2 * s * self.weights
            return float(at - (self.weights * (self.freedoms / bent + self.shifts / bent**2)).sum() - 1 / s)

        low, high = -np.log(at) - 2, -np.log(at) + 2
        while slope(low) > 0:
            low -= 2
        while slope(high) < 0:
            high += 2
        saddle = float(np.exp(brentq(slope, low, high, xtol=1e-10)))
        bent = 1 + 2 * saddle * self.weights
        curved = 2 * self.weights**2 * (self.freedoms / bent**2 + 2 * self.shifts / bent**3)
        width = 1 / np.sqrt(curved.sum() + 1 / saddle**2)
        u = np.linspace(0, 7, 401)
        # towards the left half of the plane, where exp(s at) vanishes
        s = saddle + width * (1j * np.sinh(u) - 0.3 * (np.cosh(u) - 1))
        steps = width * (1j * np.cosh(u) - 0.3 * np.sinh(u))
        logs = s * at + self.exponent(s) - np.log(s)
        values = np.exp(logs - logs[0].real) * steps
        values[0] /= 2
        return float(logs[0].real + np.log(values.imag.sum() * (u[1] - u[0]) / np.pi))

    def quantile(self, log_chance: float) -> float:
        """At which P(form <= at) is exp(log_chance)."""
        from scipy.optimize import brentq

        mean = np.log((self.weights * (self.freedoms + self.shifts)).sum())
        low = mean - 1
        while self.log_chance(float(np.exp(low))) > log_chance:
            low -= 2
        return float(
            np.exp(brentq(lambda at: self.log_chance(float(np.exp(at))) - log_chance, low, mean + 3, xtol=1e-9))
        )

    def draw(self, count: int, random: np.random.Generator) -> Array:
        """(count,) values, where all have one degree of freedom."""
        found: Array = (random.normal(size=(count, len(self.weights))) + np.sqrt(self.shifts)) ** 2 @ self.weights
        return found


def fitted(values: Array) -> Form:
    """One scaled noncentral chi-square variable, of greatest likelihood for positive values, begun at their moments."""
    from scipy.stats import ncx2

    mean = float(values.mean())
    # central, s k = mean and 2 s^2 k = variance, and then half of s k from noncentrality
    spread = float(values.var() / mean**2)
    with np.errstate(all="ignore"):
        freedom, shift, _, scale = ncx2.fit(values / mean, 1 / spread, 1 / spread, floc=0, scale=spread / 2)
    return Form(np.array([scale * mean]), np.array([freedom]), np.array([shift]))
