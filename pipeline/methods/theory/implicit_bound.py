"""The bound on regret that implicit follow-the-regularised-leader makes smaller, on patients in random order."""

from functools import cache
from typing import Any

from pipeline.methods.theory import Array, Check, Random, np, setting
from pipeline.ops.online import absolute_leader


class ImplicitBound(Check):
    """Regret is at most psi_{T+1}(u) + sum of l_t(w_t) + l*_t(z_t) + psi*_{t+1}(theta_t - z_t) - psi*_t(theta_t).

    Chen and Orabona 2023, with regularisers psi_t(w) = lambda_t |w|^2 / 2 of minimum 0. It follows from
    l_t(u) >= z_t.u - l*_t(z_t), which is Fenchel and Young's inequality, and telescoping, and holds for any z_t for
    which l*_t is finite, and for any data: here the diabetes data of scikit-learn, features and target standardised,
    absolute losses, and lambda_t = sqrt(t) / alpha with alpha of 0.01 to 100. u is the least-squares solution of all
    rounds, times 0 to 2. Besides, H_t(z) = psi*_{t+1}(theta_t - z) + l*_t(z) is never larger at z_t than at g_t.
    """

    paper = "generalized_ftrl"

    rounds: int = setting(100, low=1, high=442)
    unclipped: bool = setting(False)
    """The control: z_t minimises as if l*_t were finite everywhere."""

    def draw(self, size: int, random: Random) -> dict[str, Any]:
        x, y = patients()
        rows = random.permutation(len(x))[: self.rounds]
        return {"x": x[rows], "y": y[rows], "scale": 10 ** random.uniform(-2, 2), "factor": random.uniform(0, 2)}

    def measure(self, sample: dict[str, Any], size: int) -> dict[str, float]:
        x, y, scale = sample["x"], sample["y"], sample["scale"]
        u = sample["factor"] * np.linalg.lstsq(x, y)[0]
        size_of_u = np.sqrt(len(x) + 1) / scale * (u @ u) / 2
        found = {}
        for name, implicit in (("", True), ("_linear", False)):
            run = absolute_leader(x, y, scale, implicit, clipped=not self.unclipped)
            regret, bound = run["losses"].sum() - np.abs(x @ u - y).sum(), size_of_u + run["terms"].sum()
            found[f"violation{name}"] = float(regret > bound + 1e-9 * abs(bound))
            found[f"gap{name}"] = float((bound - regret) / len(x))
            found |= {} if name else {"violation_step": float(run["gains"].min() < -1e-9)}
        return found


@cache
def patients() -> tuple[Array, Array]:
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True)
    return x / x.std(0), (y - y.mean()) / y.std()
