"""Partial assignment of samples to clusters of unknown sizes, with neighbours drawn to the same cluster."""

import torch
from torch import Tensor

TESTED = 5
"""Iterations from one look at whether scalings still move to the next; a look costs as much as an iteration."""
LEAST = 1e-150
"""Of exp(-C / epsilon) and of scalings, whose inverse bounds these from above, so that no product leaves float64."""


@torch.no_grad()
def partial_plan(
    costs: Tensor,
    mass: float,
    *,
    epsilon: float,
    relaxation: float,
    iterations: int,
    tolerance: float,
    start: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The plan Q (N, K), float64, of costs C (N, K), and the column scalings (K + 1,) to begin the next one with.

    Minimises <Q, C> + gamma KL(Q^T 1, mass/K 1) - epsilon H(Q) with Q 1 <= 1/N and 1^T Q 1 = mass; gamma is the
    relaxation. A further column without cost takes what is not assigned, 1 - mass, so that rows have sums of exactly
    1/N. Then rows and columns of exp(-C / epsilon) are scaled in turn: those columns to a power gamma / (gamma +
    epsilon) of what would make their sums right, the further one entirely (Zhang et al. 2024). It ends when the
    scalings move by less than the tolerance, or after so many iterations.
    """
    count, clusters = costs.shape
    costs = torch.cat([costs.double(), costs.new_zeros(count, 1).double()], 1)
    # a shift of a row changes nothing but its own scaling, and keeps exp in range
    kernel = torch.exp((costs.amin(1, keepdim=True) - costs) / epsilon).clamp_min(LEAST)
    sizes = kernel.new_full((clusters + 1,), mass / clusters)
    sizes[-1] = 1 - mass
    power = torch.full_like(sizes, relaxation / (relaxation + epsilon))
    power[-1] = 1.0
    columns = torch.full_like(sizes, 1 / (clusters + 1)) if start is None else start.double()
    transposed = kernel.T.contiguous()
    for number in range(iterations):
        before = columns
        rows = (kernel @ columns).reciprocal_().mul_(1 / count)
        columns = (sizes / (transposed @ rows)).pow_(power).clamp_(LEAST, 1 / LEAST)
        if number % TESTED == TESTED - 1 and float((columns - before).norm()) < tolerance:
            break
    return (rows[:, None] * kernel * columns)[:, :-1], columns


@torch.no_grad()
def semantic_plan(
    costs: Tensor,
    similarity: Tensor,
    weight: float,
    mass: float,
    *,
    epsilon: float,
    relaxation: float,
    iterations: int,
    rounds: int,
    tolerance: float,
    start: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """As `partial_plan`, with - weight <S, Q Q^T> beside it, for similarities S (N, N) of the samples.

    That term is replaced by its tangent at the plan so far, which adds -weight (S + S^T) Q to the costs, and the plan
    is found anew, until the objective moves by less than the tolerance, or for so many rounds. Where S is positive
    semi-definite the tangent lies above the term, and no round makes the objective worse.
    """
    costs = costs.double()
    plan = torch.full_like(costs, mass / costs.numel())
    both, value = (similarity + similarity.T).double(), torch.inf
    pull = both @ plan
    for _ in range(rounds):
        plan, start = partial_plan(
            costs - weight * pull,
            mass,
            epsilon=epsilon,
            relaxation=relaxation,
            iterations=iterations,
            tolerance=tolerance,
            start=start,
        )
        pull = both @ plan
        before, value = value, objective(plan, costs, pull, weight, epsilon)
        if weight == 0 or abs(value - before) < tolerance:
            break
    assert start is not None
    return plan, start


def objective(plan: Tensor, costs: Tensor, pull: Tensor, weight: float, epsilon: float) -> float:
    """<Q, C> - weight <S, Q Q^T> - epsilon H(Q), the pull being (S + S^T) Q; the authors stop by it, without KL."""
    entropy = -torch.special.xlogy(plan, plan).sum()
    return float((plan * (costs - 0.5 * weight * pull)).sum() - epsilon * entropy)


@torch.no_grad()
def nearest_by_kernel(features: Tensor, width: float, count: int) -> tuple[Tensor, Tensor]:
    """(N, count) places of each sample's nearest others in features (N, F), and exp(-|x - y|^2 / (2 width^2 F))."""
    places, values = [], []
    for first, part in enumerate(features.float().split(1024)):
        squares = torch.cdist(part, features.float()).square()
        rows = torch.arange(len(part), device=part.device)
        squares[rows, first * 1024 + rows] = torch.inf
        found = squares.topk(count, dim=1, largest=False)
        places.append(found.indices)
        values.append(torch.exp(-found.values / (2 * width**2 * features.shape[1])))
    return torch.cat(places), torch.cat(values)


def among(places: Tensor, neighbours: Tensor, similarities: Tensor) -> Tensor:
    """S (n, n) of the samples at places (n,), out of neighbours and similarities (N, count); 0 for no neighbours.

    A sample may be among them several times.
    """
    rows = similarities.new_zeros(len(places), len(neighbours))
    return rows.scatter_(1, neighbours[places], similarities[places])[:, places]
