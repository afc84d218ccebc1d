"""SimMatchV2 by loops over several steps; banks and queue; when it is FixMatch with soft labels; ablations."""

import copy
import math

import pytest
import torch

from pipeline.methods.semi_supervised.sim_match_v2 import SimMatchV2
from pipeline.ops.label_propagation import propagated
from pipeline.ops.pseudo_labels import aligned
from tests.kit.losses import cross_entropy, log_softmax, mean_over, softmax
from tests.kit.methods import SIZE, begun, dot, made, step, unit
from tests.kit.semi_supervised import at_the_end, data, double

SETTINGS = {"neighbours": 5, "threshold": 0.36, "temperature": 0.3, "alpha": 0.4, "momentum": 0.8, "alignment": 0.7}


def outputs(modules, images):
    """Logits and unit embeddings as lists."""
    encoder, head, projector = modules
    with torch.no_grad():
        normed = head[0](encoder(images))
        return head[1](normed).tolist(), [unit(z) for z in projector(normed).tolist()]


def test_against_loops_over_steps():
    method = begun(made(SimMatchV2, batch_norm=False, **SETTINGS)).double()
    bank = [unit(row) for row in method.labelled.embeddings.tolist()]
    classes = [[float(place % 3 == k) for k in range(3)] for place in range(len(bank))]
    queue, theirs, mean, used = [unit(row) for row in method.earlier.items.tolist()], [[0.0] * 3] * 20, [1 / 3] * 3, 0
    for number in range(4):
        given = double(data(SimMatchV2, ratio=1, seed=number))
        stream = given["unlabelled"].views
        _, known = outputs(method.teacher, given.views[0])
        scores, weak = outputs(method.teacher, stream[0])
        raw = [softmax(z) for z in scores]
        p = [[v / m for v, m in zip(row, mean, strict=True)] for row in raw]
        p = [[v / sum(row) for v in row] for row in p]
        logits, strong = outputs(method.followed(), stream[1])
        nodes = edges = mixed = 0.0
        for u in range(SIZE):
            order = sorted(range(48), key=lambda k: -dot(weak[u], bank[k]))[:5]
            spread = propagated(
                *[
                    torch.tensor([v]).double()
                    for v in (weak[u], p[u], [bank[k] for k in order], [classes[k] for k in order])
                ],
                alpha=0.4,
                temperature=0.3,
            )[0].tolist()
            if max(p[u]) >= 0.36:
                nodes -= dot(spread, log_softmax(logits[u])) / SIZE
                used += 1
            wanted = softmax([dot(weak[u], z) / 0.3 for z in queue])
            found = log_softmax([dot(strong[u], z) / 0.3 for z in queue])
            edges -= dot(wanted, found) / SIZE
            if number:
                share = [sum(math.exp(f) * c[k] for f, c in zip(found, theirs, strict=True)) for k in range(3)]
                mixed -= sum(a * math.log(b) for a, b in zip(p[u], share, strict=True)) / SIZE
        labelled, _ = outputs(method.followed(), given.views[0])
        want = mean_over(cross_entropy, torch.tensor(labelled), given.labels) + 10 * nodes + 5 * edges + 5 * mixed
        assert copy.deepcopy(method).loss(given).item() == pytest.approx(want, rel=1e-5)
        step(method, given)
        mean = [0.7 * m + 0.3 * sum(row[k] for row in raw) / SIZE for k, m in enumerate(mean)]
        for place, row, label in zip(given.indices.tolist(), known, given.labels.tolist(), strict=True):
            bank[place] = row
            assert classes[place][label] == 1
        for place in range(SIZE):
            at = (number * SIZE + place) % 20
            queue[at], theirs = weak[place], [p[place] if k == at else row for k, row in enumerate(theirs)]
    assert SIZE < used < 4 * SIZE
    assert method.mean.tolist() == pytest.approx(mean)


def test_nodes_alone_without_spread_are_soft_labels_of_a_teacher():
    method = at_the_end(SimMatchV2, alpha=0.0, edge_weight=0.0, edge_node_weight=0.0, node_weight=1.0, threshold=0.4)
    draws = torch.Generator().manual_seed(0)
    weak, strong = (torch.nn.functional.normalize(torch.randn(9, 6, generator=draws)) for _ in range(2))
    p, logits = torch.randn(9, 3, generator=draws).mul(0.2).softmax(1), torch.randn(9, 3, generator=draws)
    sure = p.amax(1) >= 0.4
    assert 0 < sure.sum() < 9
    want = (-(p * logits.log_softmax(1)).sum(1) * sure).mean()
    torch.testing.assert_close(method.consistency(weak, p, strong, logits), want)


@pytest.mark.parametrize(
    "ablated", [{"alpha": 0.0}, {"edge_weight": 0.0}, {"edge_node_weight": 0.0}, {"normalise_features": False}]
)
def test_every_part_changes_what_is_learnt(ablated):
    whole, part = (at_the_end(SimMatchV2, **{**SETTINGS, **settings}) for settings in ({}, ablated))
    for method in (whole, part):
        for number in range(4):
            step(method, data(SimMatchV2, seed=number))
    assert not torch.allclose(whole.head[1].weight, part.head[1].weight)


def test_only_strong_views_learn():
    method = at_the_end(SimMatchV2, **SETTINGS)
    step(method, data(SimMatchV2))
    given = data(SimMatchV2, seed=7)
    features = torch.randn(SIZE + 2 * 2 * SIZE, 10, requires_grad=True)
    logits = method.logits(features).split([SIZE, 2 * SIZE, 2 * SIZE])
    method.stream_loss(given, features, *logits[1:]).backward()
    assert not features.grad[: 3 * SIZE].any() and features.grad[3 * SIZE :].any(1).all()


def test_even_predictions_are_aligned_to_themselves():
    method = made(SimMatchV2)
    logits = torch.randn(5, 3)
    torch.testing.assert_close(aligned(logits, method.mean), logits.softmax(1))


def test_resumed_is_uninterrupted():
    straight = at_the_end(SimMatchV2, **SETTINGS)
    for number in range(2):
        step(straight, data(SimMatchV2, seed=number))
    resumed = at_the_end(SimMatchV2, seed=9, **SETTINGS)
    resumed.load_state_dict(straight.state_dict())
    for method in (straight, resumed):
        for number in range(2, 4):
            step(method, data(SimMatchV2, seed=number))
    found = resumed.state_dict()
    assert all(torch.equal(value, found[name]) for name, value in straight.state_dict().items())


def test_what_it_takes_inputs_for_has_spread_and_where_it_is_sure_is_its_own():
    """y is at least 0.9 p, so that a p of 0.7 stays the greatest."""
    method = begun(at_the_end(SimMatchV2, alpha=0.1))
    for number in range(4):
        step(method, data(SimMatchV2, seed=number))
    images = torch.randn(200, 1, 8, 8)
    with torch.no_grad():
        beliefs = method.eval().beliefs(images)
        classes, sure = method.pseudo_labels(images, torch.arange(200))
        features = method.encoder(images)
        normed = method.head[0](features)
        want = propagated(
            torch.nn.functional.normalize(method.projector(normed)),
            beliefs["own"],
            *[bank.expand(200, *bank.shape) for bank in (method.labelled.embeddings, method.labelled.classes)],
            alpha=0.1,
            temperature=0.1,
        )
    torch.testing.assert_close(beliefs["spread"], want)
    assert torch.equal(classes, want.argmax(1)) and torch.equal(sure, beliefs["own"].amax(1) >= 0.7)
    assert torch.equal(classes[sure], beliefs["own"].argmax(1)[sure]) and not torch.equal(want, beliefs["own"])


class Part(torch.nn.Module):
    """Some of the numbers of an input."""

    def __init__(self, first, last):
        super().__init__()
        self.first, self.last = first, last

    def forward(self, x):
        return x[:, self.first : self.last]


def formula(number, count, phase):
    """(count, 7) float64 of a step: four numbers of an embedding and three logits, by a formula and not by chance."""
    at = torch.arange(7 * count, dtype=torch.float64).view(count, 7) + 50 * number + phase
    return torch.cat([(1.7 * at).sin()[:, :4], 3 * (2.3 * at).cos()[:, 4:]], 1)


def fixed():
    """A method whose images are such numbers; its banks are by the formula, too."""
    settings = {"neighbours": 5, "threshold": 0.6, "projection_dim": 4, "queue_length": 12}
    method = begun(made(SimMatchV2, **settings)).double()
    method.mean.fill_(1 / 3)  # of float32, until now
    for bank, phase in ((method.labelled.embeddings, 3), (method.earlier.items, 4)):
        bank.copy_(torch.nn.functional.normalize(formula(9, len(bank), phase)[:, :4]))
    method.encoder, method.head = Part(0, 7), torch.nn.Sequential(Part(0, 7), Part(4, 7))
    method.projector = Part(0, 4)
    method.teacher = method.followed()
    return method


def steps(method, count=5):
    for number in range(count):
        given = double(data(SimMatchV2, ratio=1))
        given.views = [formula(number, SIZE, 0)[:6]]
        given.labels, given.indices = given.labels[:6], (given.indices[:6] + 6 * number) % 48
        given["unlabelled"].views = [formula(number, 6, phase) for phase in (1, 2)]
        yield method.loss(given) - torch.nn.functional.cross_entropy(given.views[0][:, 4:], given.labels)


def test_against_the_authors_code():
    """Five steps of models/simmatchv2.py of mingkai-zheng/SimMatchV2, its terms weighted as in main.py."""
    assert [loss.item() for loss in steps(fixed())] == pytest.approx(AUTHORS, rel=1e-9)


def test_normalised_features_are_equally_long():
    images = torch.randn(20, 1, 8, 8)
    with torch.no_grad():
        normed, plain = (made(SimMatchV2, normalise_features=on).features(images).norm(dim=1) for on in (True, False))
    torch.testing.assert_close(normed, torch.full((20,), 10**0.5), atol=0.02, rtol=0)
    assert plain.std() / plain.mean() > 10 * normed.std() / normed.mean()


AUTHORS = [93.41699778764648, 104.33419161787565, 99.74931190853691, 105.73634174832591, 106.24228040043688]
