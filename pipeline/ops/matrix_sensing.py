"""A positive semidefinite matrix of low rank, measured by random matrices of which some answers are grossly wrong."""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Sensing:
    """Of X = V V' with orthonormal columns V (d, r): answers <A_i, X>, and gross errors of about unit size."""

    truth: Array
    matrices: Array
    """(m, d, d), of standard normal entries."""
    errors: Array
    basis: Array
    """(d, d) orthogonal, of which a start takes columns."""


def drawn(d: int, r: int, m: int, share: float, random: np.random.Generator) -> Sensing:
    """With a share of wrong answers. Fewer measurements are the first of more."""
    from scipy.stats import norm

    v, basis = (np.linalg.qr(random.normal(size=(d, columns)))[0] for columns in (r, d))
    rows = random.normal(size=(m, d * d + 2))
    errors = np.where(rows[:, -1] < norm.ppf(share), rows[:, -2], 0.0)
    return Sensing(v @ v.T, rows[:, :-2].reshape(m, d, d), errors, basis)


@dataclass(frozen=True)
class Start:
    """What one descent begins with: `scale` times so many columns of the basis, under errors of some size."""

    scale: float
    columns: int
    error_size: float
    squared: bool = False
    """The loss, which is absolute otherwise."""


def recovered(sensing: Sensing, starts: list[Start], steps: int, step_size: float, decay: float) -> Array:
    """(S,) relative errors of U U' after subgradient steps on (1 / m) sum |<A_i, U U'> - y_i|, all starts at once."""
    d = len(sensing.truth)
    a = sensing.matrices.reshape(len(sensing.matrices), -1)
    u = np.stack([start.scale * sensing.basis * (np.arange(d) < start.columns) for start in starts])
    wrong = np.array([[start.error_size] for start in starts]) * sensing.errors
    answers, squared = a @ sensing.truth.ravel() + wrong, np.array([[start.squared] for start in starts])
    for step in range(steps):
        rest = (u @ u.transpose(0, 2, 1)).reshape(-1, d * d) @ a.T - answers
        slopes = (np.where(squared, rest, np.sign(rest)) @ a / len(a)).reshape(-1, d, d)
        u = u - step_size * decay**step * (slopes + slopes.transpose(0, 2, 1)) @ u
    found: Array = np.linalg.norm(u @ u.transpose(0, 2, 1) - sensing.truth, axis=(1, 2))
    return found / np.linalg.norm(sensing.truth)
