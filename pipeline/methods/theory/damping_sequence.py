"""The damping of accelerated gradients that makes a bound on their complexity least."""

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops.folded_concave import damping


class DampingSequence(Check):
    """Ghadimi and Lan's bound for b_md = (1 - alpha_k) b_ag + alpha_k b with steps beta and lambda_k.

    With Gamma_k = (1 - alpha_k) Gamma_(k-1), Gamma_1 = 1, and under alpha_k lambda_k <= beta and alpha_k /
    (lambda_k Gamma_k) that never rises, the least squared gradient mapping of N steps is bounded by a term in the
    squared distance of the start over lambda_1 sum_k beta / Gamma_k. Yang, Asgharian and Bhatnagar 2022 set the
    sequences to make it least: alpha_k = 2 / (1 + sqrt(1 + 4 / alpha_(k-1)^2)) and lambda_k = beta / alpha_k.

    Our derivation: with g_k = lambda_1 / (beta Gamma_k) the conditions can be met by some lambda_k just where g_1 <= 1
    and alpha_k^2 g_k <= 1, so that g_k = g_(k-1) / (1 - alpha_k) is largest, for all k, where alpha_k^2 g_k = 1. Here
    the sum of g_k is compared with that of sequences that are drawn among all allowed ones, nearer to the largest or
    farther from it, and with that of Ghadimi and Lan's example, alpha_k = 2 / (k + 1) with lambda_k = k beta / 2.
    """

    paper = "nonconvex_ag"

    iterations: int = setting(100, low=2)
    unbounded: bool = setting(False)
    """The control: sequences drawn without the conditions."""

    def measure(self, sample: Random, size: int) -> dict[str, float]:
        proposed = accumulated(self._proposed(), 1.0)
        example = accumulated(2 / (np.arange(2, self.iterations + 1) + 1), 0.5)
        drawn = self._drawn(sample)
        return {
            "violation": float(drawn > proposed * (1 + 1e-12)),
            "looseness": float(np.log10(proposed / drawn)),
            "log_ratio": float(np.log(proposed / example)),
        }

    def _proposed(self) -> Array:
        """alpha_2 to alpha_N, from alpha_1 = 1."""
        found = [1.0]
        while len(found) < self.iterations:
            found.append(damping(found[-1]))
        return np.array(found[1:])

    def _drawn(self, random: Random) -> float:
        shrunk = 10 ** random.uniform(-4, 0)
        shares = 1 - shrunk * random.random(self.iterations)
        g, total = float(shares[0]), float(shares[0])
        for share in shares[1:]:
            g /= 1 - (0.5 * share if self.unbounded else share * largest(g))
            total += g
        return total


def largest(g: float) -> float:
    """The alpha with alpha^2 g / (1 - alpha) = 1."""
    return float((np.sqrt(1 + 4 * g) - 1) / (2 * g))


def accumulated(alphas: Array, first: float) -> float:
    """The sum of g_k, from g_1 and alpha_2 on."""
    return float(first * (1 + np.cumprod(1 / (1 - alphas)).sum()))
