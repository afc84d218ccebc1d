"""Quadratic programmes with bounds on every variable, solved exactly and many at once."""

import torch
from torch import Tensor

PATIENCE = 3


def solved(matrix: Tensor, offsets: Tensor, limit: int = 500) -> Tensor:
    """(R, m) for each row q of offsets (R, m) the x >= 0 with G x + q >= 0 and x . (G x + q) = 0.

    That is the minimum of x G x / 2 + q . x over x >= 0. matrix: G (m, m), symmetric and positive definite. By block
    principal pivoting (Portugal, Judice and Vicente 1994): a set of variables is free, the others are 0; all that
    violate a bound change sides, or only the last of them after three rounds without fewer of them, which ends for
    every positive definite G. Of a G that is not finite no solution is a number.
    """
    rows, size = offsets.shape
    if not matrix.isfinite().all():
        return torch.full_like(offsets, float("nan"))
    scale = matrix.diagonal().mean()
    # G x + q is known to some digits of q only, so that a bound counts as violated beyond them
    slack = 1e-12 * offsets.abs().amax(1, keepdim=True).clamp_min(1e-300)
    identity = torch.eye(size, dtype=matrix.dtype, device=matrix.device)
    free = offsets < 0
    fewest, patience = torch.full((rows,), size + 1), torch.full((rows,), PATIENCE)
    fewest, patience = fewest.to(offsets.device), patience.to(offsets.device)
    solution = torch.zeros_like(offsets)
    for _ in range(limit):
        both = free[:, :, None] & free[:, None, :]
        factor = torch.linalg.cholesky(torch.where(both, matrix, scale * identity))
        solution = torch.cholesky_solve(torch.where(free, -offsets, 0.0)[..., None], factor)[..., 0]
        slope = solution @ matrix + offsets
        wrong = torch.where(free, solution < -slack / scale, slope < -slack)
        count = wrong.sum(1)
        if not count.any():
            break
        fewer = count < fewest
        fewest = torch.minimum(count, fewest)
        patience = torch.where(fewer, PATIENCE, patience - 1)
        last = size - 1 - wrong.flip(1).to(torch.uint8).argmax(1)
        alone = torch.zeros_like(wrong).scatter_(1, last[:, None], True) & wrong
        free = free ^ torch.where((patience >= 0)[:, None], wrong, alone)
    return solution.clamp_min(0.0)
