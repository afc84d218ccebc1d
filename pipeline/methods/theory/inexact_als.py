"""Alternating least squares for matrix completion whose regressions are solved with errors."""

from typing import NamedTuple

from pipeline.methods.theory import Array, Random, Sweep, np, setting
from pipeline.ops.rates import slopes


class Completion(NamedTuple):
    matrix: Array
    observed: Array
    """(n, n) of 0 and 1."""
    random: Random
    """For errors of solutions."""


class InexactAls(Sweep):
    """Alternately U = argmin and V = argmin of the sum of (M - U V')_ij^2 over observed ij, from singular vectors.

    Gu, Song, Yin and Zhang 2024: for an incoherent M of rank k alternating minimisation recovers M at a linear rate
    even where each row is only nearly the solution of its regression, to moderate accuracy. What is left is then of the
    size of these errors.

    The sizes are one over the relative error: to each row of U and V is added a vector of a random direction and of the
    row's length divided by the size. In the end what is left is compared with it, and after three rounds, where the
    smallest errors do not show yet, with what exact solutions leave. M has k singular values from 1 to 2 and random
    singular vectors. The control is M observed in fewer entries than the theorem needs.
    """

    paper = "robust_altmin"
    swept = "1 / error of solutions"
    rates = {"left": -1.0}

    smallest: int = setting(10, low=1)
    largest: int = setting(10_000, low=1)
    steps: int = setting(3, low=2)
    rows: int = setting(100, low=2)
    rank: int = setting(3, low=1)
    observed: float = setting(0.35, low=0.0, high=1.0)
    rounds: int = setting(15, low=4)

    def draw(self, size: int, random: Random) -> Completion:
        u, v = (np.linalg.qr(random.normal(size=(self.rows, self.rank)))[0] for _ in range(2))
        observed = random.random((self.rows, self.rows)) < self.observed
        return Completion(u * np.linspace(1, 2, self.rank) @ v.T, observed.astype(float), random)

    def measure(self, sample: Completion, size: int) -> dict[str, float]:
        inexact = alternated(sample, self.rank, self.rounds, 1 / size)
        exact = alternated(sample, self.rank, self.rounds, 0.0)
        return {"left": inexact[-1], "left_exact": exact[-1], "early": inexact[2], "early_exact": exact[2]}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {
            "level": curves["left_exact"][:, -1],
            "exponent": slopes(sizes, curves["left"]),
            "log_ratio": np.log(curves["early"] / curves["early_exact"])[:, -1],
        }


def alternated(made: Completion, rank: int, rounds: int, error: float) -> list[float]:
    """|U V' - M| over |M| after every round."""
    left, v = [], np.linalg.svd(made.matrix * made.observed)[2][:rank].T
    for _ in range(rounds):
        u = np.linalg.qr(solved(made.matrix, made.observed, v, error, made.random))[0]
        v = solved(made.matrix.T, made.observed.T, u, error, made.random)
        left.append(float(np.linalg.norm(u @ v.T - made.matrix) / np.linalg.norm(made.matrix)))
        v = np.linalg.qr(v)[0]
    return left


def solved(matrix: Array, observed: Array, factor: Array, error: float, random: Random) -> Array:
    """(n, k) rows u_i that make sum_j observed_ij (M_ij - u_i.v_j)^2 least, each with an error of a relative size."""
    products = np.einsum("ja,jb->jab", factor, factor).reshape(len(factor), -1)
    grams = (observed @ products).reshape(-1, factor.shape[1], factor.shape[1])
    # rows with fewer entries observed than unknowns have many solutions, of which one is taken
    grams += 1e-12 * np.eye(factor.shape[1])
    found: Array = np.linalg.solve(grams, (matrix * observed @ factor)[..., None])[..., 0]
    if error:
        noise = random.normal(size=found.shape)
        found += error * noise * (np.linalg.norm(found, axis=1) / np.linalg.norm(noise, axis=1))[:, None]
    return found
