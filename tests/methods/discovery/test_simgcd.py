"""The whole loss by loops, the teacher's temperature, limits and what each term does."""

import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.discovery.simgcd import SimGCD
from tests.kit.discovery import data, member, training, views_of
from tests.kit.methods import begun, dot, normalised, unit


def softmax(row, temperature):
    total = math.fsum(math.exp(v / temperature) for v in row)
    return [math.exp(v / temperature) / total for v in row]


def cosines(method, given):
    """Of both views of all images with the prototypes, by loops in float64; and labels."""
    method = method.double()
    first, second, labels = views_of(given)
    features = method.encoder(torch.cat([first, second]).double())
    weights = [unit(row) for row in method.head.weight.tolist()]
    rows = [[dot(unit(f), w) for w in weights] for f in features.tolist()]
    return rows[: len(labels)], rows[len(labels) :], labels.tolist()


def test_by_loops():
    method, given = member(SimGCD, entropy_weight=1.5, supervised_weight=0.3), data()
    method.progress = 0.075
    found = method.loss(given).item()
    features, labels = method.encoded(given)
    contrast = method.contrast(features, labels).item()
    one, two, labels = cosines(method, given)
    assert method.teacher_temperature() == pytest.approx(0.055)
    distilled, mean, supervised, known = 0.0, [0.0] * 4, 0.0, 0
    for a, b, y in zip(one, two, labels, strict=True):
        for teacher, student in ((a, b), (b, a)):
            q, p = softmax(teacher, 0.055), softmax(student, 0.1)
            distilled -= math.fsum(q[k] * math.log(p[k]) for k in range(4)) / (2 * len(labels))
            mean = [m + v / (2 * len(labels)) for m, v in zip(mean, p, strict=True)]
            if y >= 0:
                supervised -= math.log(p[y])
                known += 1
    missing = math.log(4) + math.fsum(m * math.log(m) for m in mean)
    wanted = contrast + 0.7 * (distilled + 1.5 * missing) + 0.3 * supervised / known
    assert found == pytest.approx(wanted, rel=1e-5)


def test_the_teacher_grows_sharper_and_then_stays():
    method = member(SimGCD)
    found = []
    for method.progress in (0.0, 0.075, 0.15, 0.5, 0.99):
        found.append(method.teacher_temperature())
    assert found == pytest.approx([0.07, 0.055, 0.04, 0.04, 0.04])


def test_the_teacher_has_no_gradient_and_entropy_pushes_apart():
    method = member(SimGCD, entropy_weight=0.0)
    cosine = torch.randn(6, 4, generator=torch.Generator().manual_seed(1)).clamp(-1, 1).requires_grad_()
    fixed = torch.randn(6, 4, generator=torch.Generator().manual_seed(2)).clamp(-1, 1)
    method.unsupervised(fixed, cosine).backward()
    # as a teacher the view only sets the target of the other, which is fixed here
    target = (fixed / 0.07).softmax(1)
    wanted = ((cosine.detach() / 0.1).softmax(1) - target) / 0.1 / 6 / 2
    torch.testing.assert_close(cosine.grad, wanted)
    alike = torch.tensor([[0.9, 0.0, 0.0, 0.0]]).repeat(5, 1)
    spread = torch.eye(4)
    heavy = member(SimGCD, entropy_weight=2.0)
    assert heavy.unsupervised(alike, alike) > heavy.unsupervised(spread, spread) + 1


def test_answers_are_the_nearest_prototypes_and_have_no_clustering():
    method = begun(member(SimGCD), 0, training()).eval()
    images = normalised(training().inputs)
    with torch.no_grad():
        distances = torch.cdist(F.normalize(method.features(images)), F.normalize(method.head.weight))
        assert torch.equal(method.cluster_of(images), distances.argmin(1))
    assert method.found_clusters() is None and len(method.phases) == 1
