"""Two classifiers' probabilities mixed by a share, and the radii within which such a mixture cannot be turned."""

import torch
import torch.nn.functional as F
from torch import Tensor


def log_mixed(accurate: Tensor, robust: Tensor, share: Tensor | float) -> Tensor:
    """(B, K) log((1 - a) softmax(g) + a softmax(h)) of logits g and h (B, K); a (B, 1), or one number, is h's share.

    Sums of logarithms: no probability vanishes before it is added, and none hides the other's slope.
    """
    share = torch.as_tensor(share, dtype=robust.dtype, device=robust.device)
    return torch.logaddexp((-share).log1p() + F.log_softmax(accurate, 1), share.log() + F.log_softmax(robust, 1))


def least_margin(share: float) -> float:
    """(1 - a) / a: where the robust classifier's probability is so far ahead, the other one cannot turn the mixture."""
    return (1 - share) / share


def lipschitz_radius(probabilities: Tensor, constants: Tensor, share: float) -> Tensor:
    """(B,) min_i (a (p_y - p_i) - (1 - a)) / (a (L_y + L_i)) for y the most likely class, 0 where that is negative.

    probabilities (B, K): the robust classifier's. constants (K,): how fast each of them can change, in the norm in
    which the radius then is. A share below one half certifies nothing.
    """
    first, answer = probabilities.max(1, keepdim=True)
    ahead = share * (first - probabilities) - (1 - share)
    radii = ahead / (share * (constants[answer.squeeze(1)][:, None] + constants))
    return radii.scatter(1, answer, float("inf")).amin(1).clamp_min(0)


def smoothed_radius(first: Tensor, second: Tensor, sigma: float, share: float) -> Tensor:
    """(B,) (sigma / 2) (Phi^-1(a p_1) - Phi^-1(a p_2 + 1 - a)), l_2; 0 where that is negative.

    first: lower bounds (B,) of the greatest probability of a classifier smoothed by Gaussian noise. second: upper
    bounds of the next. Both arguments are smoothings of functions between 0 and 1, so that each term changes by at most
    1 / sigma with the input. a = 1 is the radius of the smoothed classifier itself.
    """
    highest = torch.special.ndtri(share * first)
    lowest = torch.special.ndtri(share * second + 1 - share)
    return (sigma / 2 * (highest - lowest)).clamp_min(0)
