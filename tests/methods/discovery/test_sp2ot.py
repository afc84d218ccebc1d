"""The loss of crossed plans by loops, its memory over steps, limits, and that no label is read."""

import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.discovery.sp2ot import SP2OT
from pipeline.ops.partial_transport import semantic_plan
from pipeline.ops.sinkhorn import balanced_codes
from tests.kit.discovery import STREAM, data, member, training
from tests.kit.methods import begun, normalised, step

FEW = {"neighbours": 4, "memory_batches": 1, "rounds": 4, "iterations": 100}


def started(**settings):
    torch.manual_seed(5)
    return begun(member(SP2OT, **{**FEW, **settings}), 0, training())


def views_of(method, given):
    with torch.no_grad():
        features = F.normalize(method.encoder(method.images(given)))
        return (10 * features @ F.normalize(method.head.weight).T).chunk(2)


def loop_similarity(places):
    """Of images at these places, by loops over the features that the method began with."""
    first = started().eval()
    with torch.no_grad():
        features = first.features(normalised(torch.cat([training().inputs, STREAM]))).double()
    found = torch.zeros(len(places), len(places), dtype=torch.float64)
    for i, a in enumerate(places.tolist()):
        squares = (features - features[a]).square().sum(1)
        squares[a] = math.inf
        near = set(squares.topk(4, largest=False).indices.tolist())
        for j, b in enumerate(places.tolist()):
            if b in near:
                found[i, j] = math.exp(-float(squares[b]) / (2 * 2.0**2 * features.shape[1]))
    return found


def test_by_loops_over_two_steps():
    method = started()
    memory, places, scalings = method.memory.double(), method.places, method.scalings
    method.progress = 0.5
    mass = 0.1 + 0.9 * math.exp(-5 * 0.25)
    assert method.mass() == pytest.approx(mass)
    for number in range(2):
        given = data(seed=number)
        new = torch.cat([given.indices, given["unlabelled"].indices + 48])
        views = views_of(method, given)
        places = torch.cat([places[len(new) :], new])
        similarity, targets = loop_similarity(places), []
        for view in views:
            logits = torch.cat([memory[len(new) :], view.double()])
            plan, scalings = semantic_plan(
                -logits.log_softmax(1),
                similarity,
                1000 * (1 - mass),
                mass,
                epsilon=0.1,
                relaxation=1.0,
                iterations=100,
                rounds=4,
                tolerance=1e-6,
                start=scalings,
            )
            targets.append(len(logits) * plan[-len(new) :])
        wanted = 0.0
        for student, target in ((views[0], targets[1]), (views[1], targets[0])):
            log_p = student.double().log_softmax(1)
            wanted -= sum(float(target[i] @ log_p[i]) for i in range(len(new))) / len(new)
        assert method.loss(given).item() == pytest.approx(wanted, rel=2e-3)
        step(method, given, learning_rate=0.0)
        memory = logits
        torch.testing.assert_close(method.memory.double(), memory, rtol=1e-4, atol=1e-4)
        assert torch.equal(method.places, places)


def test_all_mass_and_a_stiff_prior_are_balanced_codes():
    method = started(semantic_weight=0.0, first_mass=1.0, relaxation=1e9, iterations=3000)
    given = data()
    views = views_of(method, given)
    codes = [balanced_codes(view.log_softmax(1), 0.1, 500) for view in views]  # a memory of one batch is the batch
    assert len(method.memory) == len(views[0])
    wanted = F.cross_entropy(views[0], codes[1]) + F.cross_entropy(views[1], codes[0])
    torch.testing.assert_close(method.loss(given), wanted, rtol=1e-3, atol=1e-4)


def test_more_mass_as_training_goes_on_and_a_loss_in_proportion():
    method, given = started(semantic_weight=0.0), data()
    masses, losses = [], []
    for method.progress in (0.0, 0.3, 0.6, 0.999):
        masses.append(method.mass())
        losses.append(method.loss(given).item())
    assert masses == pytest.approx([0.1 + 0.9 * math.exp(-5 * (1 - t) ** 2) for t in (0.0, 0.3, 0.6, 0.999)])
    assert losses == sorted(losses) and losses[0] < 0.3 * losses[-1]


def test_no_label_is_read_and_neighbours_matter():
    method, given = started(), data()
    expected = method.loss(given)
    given.labels = given["unlabelled"].labels = None
    assert torch.equal(method.loss(given), expected) and not method.uses_labels
    assert started(semantic_weight=0.0).loss(given) != expected


def test_a_batch_has_labelled_and_other_images_in_proportion():
    method = member(SP2OT)
    assert method.stream_sizes(39) == {"train": 48, "unlabelled": 30}  # as there are
    assert method.stream_sizes(13) == {"train": 16, "unlabelled": 10}


def test_all_of_it_learns_and_it_answers_by_its_prototypes():
    method, given = started(), data()
    before = {name: value.clone() for name, value in method.named_parameters()}
    step(method, given)
    assert all(
        not torch.equal(value, before[name]) for name, value in method.named_parameters() if name.endswith("weight")
    )
    images = normalised(STREAM)
    method.eval()
    with torch.no_grad():
        cosines = F.normalize(method.features(images)) @ F.normalize(method.head.weight).T
    assert torch.equal(method.cluster_of(images), cosines.argmax(1))
