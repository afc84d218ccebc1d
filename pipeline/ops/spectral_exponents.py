"""How heavy the tail of a layer's spectrum is: the exponent of a power law fitted to its largest eigenvalues.

The spectrum of W (n, m) is that of W'W. A spectrum's shape depends on n / m even where all weights are of one law
(Marchenko and Pastur), and the exponent with it; `windowed` looks at submatrices of one aspect ratio in its place.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

LEAST = 5


def exponent(eigenvalues: Tensor) -> float:
    """alpha = 1 + n / sum_i log(l_i / l_min) over the upper half, n eigenvalues of which l_min is the least (Hill)."""
    ordered = eigenvalues.double().sort().values
    tail = ordered[len(ordered) // 2 :]
    return 1 + len(tail) / float((tail / tail[0]).log().sum())


def spectrum(matrices: Tensor) -> Tensor:
    """All eigenvalues of W'W that are not zero by shape, of matrices (..., n, m) together; nan where these are."""
    if not matrices.isfinite().all():
        return torch.full((2,), float("nan"), dtype=torch.float64)
    return torch.linalg.svdvals(matrices.double()).square().flatten()


def windows(matrix: Tensor, side: int, per_side: int) -> Tensor:
    """(W, side, side) square submatrices of (n, m), at most `per_side` along each side, evenly apart and overlapping.

    Windows are as large as the smaller side where that is less than `side`.
    """
    side = min(side, *matrix.shape)
    starts = []
    for length in matrix.shape:
        apart = max(1, (length - side) // max(per_side - 1, 1))
        starts.append(range(0, length - side + 1, apart)[:per_side])
    return torch.stack([matrix[r : r + side, c : c + side] for r in starts[0] for c in starts[1]])


def plain(weight: Tensor) -> float:
    """The exponent of a layer's whole spectrum: of a matrix, or of those at a kernel's places pooled."""
    return exponent(spectrum(weight.flatten(2).permute(2, 0, 1) if weight.ndim > 2 else weight))


def windowed(weight: Tensor, side: int, per_side: int) -> float:
    """The exponent by submatrices of equal sides: their eigenvalues are pooled, and fitted once.

    Of a kernel (out, in, h, w): the matrices at its places, cut along the longer side into squares of the shorter one;
    the squares at the same cut are pooled, and the cuts' exponents averaged.
    """
    if weight.ndim == 2:
        return exponent(spectrum(windows(weight, side, per_side)))
    places = weight.flatten(2).permute(2, 0, 1)
    if places.shape[1] < places.shape[2]:
        places = places.transpose(1, 2)
    cuts = places.split(places.shape[2], dim=1)[: places.shape[1] // places.shape[2]]
    found = [exponent(spectrum(cut)) for cut in cuts]
    return sum(found) / len(found)


def spread(found: Sequence[float]) -> float:
    """The standard deviation over layers."""
    return float(torch.tensor(found, dtype=torch.float64).std(correction=0))


def layers(module: nn.Module) -> list[nn.Linear | nn.Conv2d]:
    """The layers that have a spectrum: linear ones and convolutions, with five eigenvalues or more."""
    kinds = nn.Linear | nn.Conv2d
    return [each for each in module.modules() if isinstance(each, kinds) and min(each.weight.shape[:2]) >= LEAST]
