"""Auto-PGD (Croce and Hein 2020, section 3): gradient ascent that chooses its step sizes itself, image by image."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.contract import Inputs
from pipeline.ops.attacks import Attack, Classify, Generator, Reach, Score, cross_entropy, right
from pipeline.ops.balls import Ball


def dlr(logits: Tensor, labels: Tensor) -> Tensor:
    """Equation 6: -(z_y - max_{k != y} z_k) / (z_(1) - z_(3)), the difference of logits ratio; three classes or more.

    It is the same for a z + b, a > 0: a softmax that has gone to zero and one does not hide its slope.
    """
    ordered = logits.sort(dim=1, descending=True).values
    true = logits.gather(1, labels[:, None]).squeeze(1)
    other = torch.where(logits.argmax(1) == labels, ordered[:, 1], ordered[:, 0])
    return -(true - other) / (ordered[:, 0] - ordered[:, 2] + NEVER_ZERO)


def dlr_towards(target: Tensor) -> Score:
    """Equation 7: -(z_y - z_t) / (z_(1) - (z_(3) + z_(4)) / 2) towards classes t (B,); four classes or more."""

    def score(logits: Tensor, labels: Tensor) -> Tensor:
        ordered = logits.sort(dim=1, descending=True).values
        true, aim = (logits.gather(1, of[:, None]).squeeze(1) for of in (labels, target))
        return -(true - aim) / (ordered[:, 0] - (ordered[:, 2] + ordered[:, 3]) / 2 + NEVER_ZERO)

    return score


NEVER_ZERO = 1e-12
MOMENTUM = 0.75
"""How much of a step is the new one, from the second on."""


@dataclass(frozen=True)
class APGD:
    """Algorithm 1, with its constants.

    x_{k+1} = P(x_k + a (P(x_k + s u) - x_k) + (1 - a) (x_k - x_{k-1})), a = 0.75 and 1 in the first step, s = 2 r at
    first. At checkpoints, the first after 22% of the steps and each distance 3% shorter than the last but at least 6%,
    an image's step is halved and it goes back to its best point where its score has risen in at most 75% of the steps
    since, or where neither its step nor its best score has changed since the checkpoint before. As in the authors'
    code, momentum goes on from where it was. It starts anywhere in the ball, and theirs on its surface; their
    checkpoints are whole numbers of steps apart, rounded down, which for few steps is other than the paper's.
    Returns the last point that was misclassified, and where there is none that of the greatest score.
    """

    ball: Ball
    steps: int
    score: Score = cross_entropy

    def __call__(
        self, classify: Classify, views: Tensor, labels: Tensor, inputs: Inputs, generator: Generator = None
    ) -> Tensor:
        reach = Reach(self.ball, views, inputs)
        wrong = torch.zeros(len(views), dtype=torch.bool, device=views.device)

        def loss(moved: Tensor) -> Tensor:
            logits = classify(moved)
            wrong.copy_(logits.detach().argmax(1) != labels)
            return self.score(logits, labels)

        shift = before = best = found = reach.cut(self.ball.uniform(reach.views, generator))
        value, slope = reach.gradient(loss, shift)
        best_value = at_last = value
        best_slope, ever = slope, wrong.clone()
        size = torch.full_like(value, 2.0)
        risen, halved, since = torch.zeros_like(value), torch.ones_like(wrong), 0
        marks = frozenset(checkpoints(self.steps))
        for step in range(1, self.steps + 1):
            a = MOMENTUM if step > 1 else 1.0
            ahead = reach.cut(shift + self.ball.radius * _each(size, shift) * self.ball.steepest(slope))
            shift, before = reach.cut(shift + a * (ahead - shift) + (1 - a) * (shift - before)), shift
            last, (value, slope) = value, reach.gradient(loss, shift)
            found, ever = torch.where(_each(wrong, shift), shift, found), ever | wrong
            risen, since = risen + (value > last), since + 1
            better = value > best_value
            best, best_slope = _chosen(better, (shift, slope), (best, best_slope))
            best_value = torch.where(better, value, best_value)
            if step in marks:
                halved = (risen <= 0.75 * since) | (~halved & (best_value <= at_last))
                size = torch.where(halved, size / 2, size)
                shift, slope = _chosen(halved, (best, best_slope), (shift, slope))
                at_last, risen, since = best_value, torch.zeros_like(risen), 0
        return reach.moved(torch.where(_each(ever, best), found, best))


def checkpoints(steps: int) -> Iterator[int]:
    """After how many steps the sizes of steps are looked at: 22% of all, 41%, 57% ..., rounded up (equation 3)."""
    share, distance = 22, 22
    while share <= 100:
        yield -(-share * steps // 100)
        distance = max(distance - 3, 6)
        share += distance


def _chosen(which: Tensor, those: tuple[Tensor, ...], others: tuple[Tensor, ...]) -> list[Tensor]:
    """Where `which` (B,) is true, tensors (B, ...) out of those, else out of the others."""
    return [torch.where(_each(which, a), a, b) for a, b in zip(those, others, strict=True)]


def _each(values: Tensor, like: Tensor) -> Tensor:
    return values.view(-1, *[1] * (like.ndim - 1))


@dataclass(frozen=True)
class Targeted:
    """APGD on the targeted difference of logits ratio, towards the most likely wrong classes in turn.

    Each class on the inputs that have withstood those before. Which classes are likely the views as they are decide.
    """

    ball: Ball
    steps: int
    targets: int

    def __call__(
        self, classify: Classify, views: Tensor, labels: Tensor, inputs: Inputs, generator: Generator = None
    ) -> Tensor:
        return in_turn(
            lambda target: APGD(self.ball, self.steps, dlr_towards(target)),
            likely(classify, views, labels, self.targets),
            (classify, views, labels, inputs, generator),
        )


def likely(classify: Classify, views: Tensor, labels: Tensor, count: int) -> Tensor:
    """(B, T) the most likely wrong classes of views, the likeliest first; T = `count`, or all of them."""
    with torch.no_grad():
        logits = classify(views)
    wrong = logits.masked_fill(F.one_hot(labels, logits.shape[1]).bool(), float("-inf"))
    return wrong.topk(min(count, logits.shape[1] - 1)).indices


def in_turn(
    towards: Callable[[Tensor], Attack], targets: Tensor, given: tuple[Classify, Tensor, Tensor, Inputs, Generator]
) -> Tensor:
    """Views attacked towards each of their targets (B, T) in turn, by `towards` of those (B,) that still stand."""
    classify, views, labels, inputs, generator = given
    moved = views.detach()
    for target in targets.T:
        standing = right(classify, moved, labels).nonzero().squeeze(1)
        if len(standing):
            found = towards(target[standing])(classify, views[standing], labels[standing], inputs, generator)
            moved = moved.index_copy(0, standing, found)
    return moved
