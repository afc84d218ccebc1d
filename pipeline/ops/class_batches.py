"""Orders of examples whose batches have several examples of each of their classes."""

import torch
from torch import Tensor


def by_class(order: Tensor, labels: Tensor, per_class: int, size: int) -> Tensor:
    """As many full batches of `size` as `order` (N,) has, each of size / per_class classes with `per_class` examples.

    labels (M,), from 0, by example. Classes come in rounds, each in a new random order, and in every round a class
    gives its next examples by their place in `order`, from the first again after the last. So classes are used equally
    often, however many examples they have, and the examples of a class too, up to one time. A batch
    holds no class twice where there are enough classes: those that would not fill a batch at the end of a round are
    left out of it. Draws from torch's global generator.
    """
    groups = size // per_class
    if groups * per_class != size:
        raise ValueError(f"batches of {size} do not hold whole groups of {per_class}")
    given = labels[order]
    by_label = order[given.argsort(stable=True)]
    counts = torch.bincount(given)
    present = counts.nonzero().squeeze(1)
    counts, starts = counts[present], (counts.cumsum(0) - counts)[present]
    batches = len(order) // size
    used = len(present) // groups * groups or len(present)
    rounds = -(-batches * groups // used)
    drawn = torch.stack([torch.randperm(len(present))[:used] for _ in range(rounds)]).to(order.device)
    chosen = drawn.flatten()[: batches * groups]
    turns = occurrences(chosen)
    places = (turns[:, None] * per_class + torch.arange(per_class, device=order.device)) % counts[chosen, None]
    return by_label[starts[chosen, None] + places].flatten()


def occurrences(values: Tensor) -> Tensor:
    """(N,) how often each of values (N,) has occurred before."""
    by_value = values.argsort(stable=True)
    counts = torch.bincount(values)
    found = torch.empty_like(values)
    found[by_value] = torch.arange(len(values), device=values.device) - (counts.cumsum(0) - counts)[values[by_value]]
    return found
