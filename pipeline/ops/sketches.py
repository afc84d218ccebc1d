"""Random sketches S of few rows, applied to the columns of a matrix A and a vector b."""

import numpy as np

Array = np.ndarray


def apply(kind: str, rows: int, a: Array, b: Array, random: np.random.Generator) -> Array:
    """(rows, d + 1) S A beside S b; E S'S is the identity. Rows that are 0 may be left out of A and b."""
    joined = np.column_stack([a, b])
    sketch = {"gaussian": gaussian, "hadamard": hadamard, "count": count}[kind]
    return sketch(rows, joined, random)


def gaussian(rows: int, joined: Array, random: np.random.Generator) -> Array:
    """Normal entries, of which only the products with an orthonormal basis of the columns need be drawn."""
    basis = np.linalg.qr(joined, mode="r")
    found: Array = random.normal(size=(rows, len(basis))) @ basis / np.sqrt(rows)
    return found


def hadamard(rows: int, joined: Array, random: np.random.Generator, ambient: int = 2048) -> Array:
    """Rows, drawn with replacement, of a Hadamard matrix of `ambient` columns with random signs.

    The rows of `joined` stand at random places among `ambient` ones.
    """
    places = random.permutation(ambient)[: len(joined)]
    odd = np.bitwise_count(random.integers(ambient, size=(rows, 1)) & places) & 1
    signs = random.choice([-1.0, 1.0], size=len(joined))
    found: Array = (1 - 2.0 * odd) @ (signs[:, None] * joined) / np.sqrt(rows)
    return found


def count(rows: int, joined: Array, random: np.random.Generator) -> Array:
    """One entry in every column, of random sign in a random row."""
    found = np.zeros((rows, joined.shape[1]))
    signs = random.choice([-1.0, 1.0], size=len(joined))
    np.add.at(found, random.integers(rows, size=len(joined)), signs[:, None] * joined)
    return found


def least_squares(sketched: Array) -> Array:
    """(d,) the shortest solution of S A x = S b, from (rows, d + 1)."""
    a, b = sketched[:, :-1], sketched[:, -1]
    found: Array = np.linalg.pinv(a.T @ a, rcond=1e-10, hermitian=True) @ (a.T @ b)
    return found
