"""Kernels on [0, 1] with known eigenfunctions, cosines, of which all modes are exact on a grid.

Inputs lie at the midpoints (i + 1/2) / G of G cells, on which e_j(t) = sqrt(2) cos(pi j t) for j = 1 .. G - 1 are
exactly orthonormal, so that nothing is lost by a truncation. A kernel sum_j l_j e_j(s) e_j(t) is a function of s - t
plus the same of s + t, and looked up in a table.
"""

import numpy as np

Array = np.ndarray


class Cosines:
    def __init__(self, cells: int) -> None:
        self.cells = cells
        self.j = np.arange(1, cells, dtype=np.float64)

    def function(self, coefficients: Array) -> Array:
        """(..., G) values at all midpoints of sum_j c_j e_j, for (..., G - 1) coefficients."""
        from scipy.fft import idct

        constant = np.zeros((*coefficients.shape[:-1], 1))
        # of a cosine transform with orthonormal rows, of which the constant's is left out
        found: Array = idct(np.concatenate([constant, coefficients], -1), norm="ortho") * np.sqrt(self.cells)
        return found

    def coefficients(self, values: Array) -> Array:
        """(..., G - 1) those of functions (..., G): means of e_j times values, without the constant's."""
        from scipy.fft import dct

        found: Array = dct(values, norm="ortho")[..., 1:] / np.sqrt(self.cells)
        return found

    def border(self, smoothness: float, decay: float, random: np.random.Generator) -> Array:
        """(G - 1,) coefficients +-j^(-(smoothness decay + 1) / 2): on the border of [H]^smoothness, where those of
        eigenvalues j^-decay have a finite sum of squares over eigenvalues to that power. Signs are drawn."""
        signs = random.choice([-1.0, 1.0], size=len(self.j))
        found: Array = signs * self.j ** (-(smoothness * decay + 1) / 2)
        return found

    def kernel(self, values: Array) -> "Kernel":
        """With the eigenvalues (G - 1,)."""
        # sum_j l_j cos(pi j k / G) at k = 0 .. 2 G: half of the modes at the difference, half at the sum
        spectrum = np.zeros(self.cells + 1)
        spectrum[1 : self.cells] = values
        return Kernel(np.fft.hfft(spectrum, 2 * self.cells) / 2)


class Kernel:
    def __init__(self, table: Array) -> None:
        self.table = table

    def __call__(self, rows: Array, columns: Array) -> Array:
        """(R, C) between cells (R,) and (C,)."""
        rows = rows[:, None]
        found: Array = self.table[np.abs(rows - columns)] + self.table[rows + columns + 1]
        return found
