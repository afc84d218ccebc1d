"""Episodes of random features for tests of few-shot classifiers."""

import torch


def episodes(shots=3, count=4, ways=3, asked=15, spread=0.7, dimensions=6):
    """Support (E, N, D), its labels (E, N), queries (E, Q, D) and theirs (E, Q)."""
    make = torch.Generator().manual_seed(2)
    centres = torch.randn(count, ways, dimensions, generator=make)
    labels = torch.arange(ways).repeat_interleave(shots).expand(count, -1)
    truth = (torch.arange(asked) % ways).expand(count, -1)
    parts = []
    for of in (labels, truth):
        points = centres.gather(1, of[..., None].expand(-1, -1, dimensions))
        parts.append(points + spread * torch.randn(points.shape, generator=make))
    return parts[0], labels, parts[1], truth


def looked(method, dimensions=6):
    """A method that has seen the base classes' features."""
    make = torch.Generator().manual_seed(7)
    method.look(torch.randn(20, dimensions, generator=make))
    return method


def turned(method, shots=3):
    """Whether each episode's scores are the same alone as among others."""
    support, labels, queries, _ = episodes(shots)
    together = method.classify(support, labels, queries)
    alone = [method.classify(*(part[i : i + 1] for part in (support, labels, queries))) for i in range(len(support))]
    return torch.allclose(together, torch.cat(alone), atol=1e-4)
