"""Evidence of two pathways: by loops in the symbols of the docstring, fusion, and what a pathway alone answers."""

import math

import pytest
import torch

from pipeline.methods.zero_shot.crest import CREST
from tests.kit.zero_shot import ATTRIBUTES, SEEN, built


def evidence_by_loops(method, x, count):
    mapped, q = method.visual(x), method.predict(x).sigmoid()
    s, t = float(method.sharpness), float(method.threshold)
    scores = (
        [float(mapped @ (a.double() / a.double().norm())) for a in ATTRIBUTES[:count]],
        [s * sum((2 * float(q[m]) - 1) * (2 * float(a[m]) - 1) for m in range(4)) / 4 - t for a in ATTRIBUTES[:count]],
    )
    return [[math.log1p(math.exp(v)) for v in score] for score in scores]


def opinion(e):
    strength = sum(e) + len(e)
    return [v / strength for v in e], len(e) / strength


def fuse(first, second):
    (b1, u1), (b2, u2) = first, second
    b = [x * y + x * u2 + y * u1 for x, y in zip(b1, b2, strict=True)]
    total = sum(b) + u1 * u2
    return [v / total for v in b], u1 * u2 / total


def kl_to_uniform(e, y):
    """As a Dirichlet's entropy-like sum, by torch's own distributions."""
    alpha = torch.tensor([1.0 if c == y else v + 1 for c, v in enumerate(e)], dtype=torch.float64)
    uniform = torch.distributions.Dirichlet(torch.ones_like(alpha))
    return float(torch.distributions.kl_divergence(torch.distributions.Dirichlet(alpha), uniform))


def digamma(v):
    return float(torch.digamma(torch.tensor(v, dtype=torch.float64)))


@pytest.mark.parametrize("progress", [0.2, 0.9])
def test_the_loss_by_loops(progress):
    method = built(CREST, regulariser=0.3, hard_negatives=0.7)
    method.progress = progress
    x, labels = method.stored[:4], method.given[:4]
    total = 0.0
    for row, y in zip(x, labels.tolist(), strict=True):
        both = evidence_by_loops(method, row, SEEN)
        for e in both:
            total += digamma(sum(e) + SEEN) - digamma(e[y] + 1)
            total += 0.3 * min(1.0, 2 * progress) * kl_to_uniform(e, y)
        beliefs, doubt = fuse(*map(opinion, both))
        hardest = max(b for c, b in enumerate(beliefs) if c != y)
        total += 0.7 * (1 - doubt) * max(0.0, 0.5 + math.log(hardest) - math.log(beliefs[y]))
    assert float(method.objective(x, labels)) == pytest.approx(total / 4)


def test_answers_and_doubts_are_of_both_or_of_one_pathway():
    for place, answers in enumerate(("visual", "attribute")):
        method = built(CREST, answers=answers)
        x = method.stored[:2]
        for i in range(2):
            beliefs, doubt = opinion(evidence_by_loops(method, x[i], 8)[place])
            assert method.logits(x)[i].tolist() == pytest.approx(beliefs)
            assert float(method.doubts(x)[i]) == pytest.approx(doubt)
    method = built(CREST)
    both = [opinion(e) for e in evidence_by_loops(method, x[0], 8)]
    assert method.logits(x)[0].tolist() == pytest.approx(fuse(*both)[0])
    assert float(method.doubts(x)[0]) < min(doubt for _, doubt in both)


def test_a_weight_of_nought_takes_hard_negatives_out():
    usual, without = (built(CREST, hard_negatives=weight) for weight in (0.1, 0.0))
    assert usual.objective(usual.stored, usual.given) > without.objective(without.stored, without.given)
