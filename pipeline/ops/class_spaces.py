"""Fewer classes among which a prediction is surer."""

from torch import Tensor


def shrunk(probabilities: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
    """Of probabilities (M, K >= 2), each row's largest first, the places (M, K) kept, and whether (M,) it is then sure.

    The first is kept, and all from place c on: c >= 2, counted from 0, is the least at which the first has a share of
    `threshold` or more of what is kept, and K - 1 where there is none.
    """
    tails = probabilities.flip(1).cumsum(1).flip(1)
    first = probabilities[:, :1]
    sure = first >= threshold * (first + tails)
    places = probabilities.new_ones(probabilities.shape).cumsum(1) - 1
    # shares grow with c, so that places from c on are those which suffice, and the last
    kept = sure & (places >= 2) | (places == places.shape[1] - 1)
    found = sure[:, -1] & (places.shape[1] > 2)
    kept[:, 0] = True
    return kept, found
