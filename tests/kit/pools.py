"""Pools of rows without labels, as acquisition functions are given them."""

import dataclasses

import torch

from pipeline.methods.acquisition import Pool


@dataclasses.dataclass
class Sampler:
    """Gives the answers that it is made of, as many as are asked for."""

    answers: torch.Tensor

    def sampled(self, rows, count, generator):
        return self.answers[:count]


def pool(count=40, classes=4, width=5, seed=0, labelled=6, draws=20):
    """Random features and probabilities; the first `labelled` rows of a random order have labels."""
    make = torch.Generator().manual_seed(seed)
    rows, features = torch.randn(count, 3, generator=make), torch.randn(count, width, generator=make).relu()
    logits = 2 * torch.randn(draws, count, classes, generator=make, dtype=torch.float64)
    known = torch.zeros(count, dtype=torch.bool)
    known[torch.randperm(count, generator=make)[:labelled]] = True
    labels = torch.where(known, torch.arange(count) % classes, -1)
    return Pool(rows, features, logits[0].softmax(1), known, labels, Sampler(logits.softmax(2)))


def draws(seed=3):
    return torch.Generator().manual_seed(seed)


def with_labels(given, labelled):
    """The pool with other rows labelled."""
    known = torch.zeros_like(given.labelled)
    known[labelled] = True
    return dataclasses.replace(given, labelled=known)


def moved(given, order):
    """The pool with its rows in another order."""
    parts = {name: getattr(given, name)[order] for name in ("rows", "features", "probabilities", "labelled", "labels")}
    return dataclasses.replace(given, learner=Sampler(given.learner.answers[:, order]), **parts)
