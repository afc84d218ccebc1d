"""Soft entropy, prototypes and their draws by loops; where new prototypes begin; what is left with all of it off."""

import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.continual_discovery.happy import Happy
from pipeline.methods.continual_discovery.simgcd_in_sessions import SimGCDInSessions
from tests.kit.continual import data, member, session, training
from tests.kit.methods import begun, dot, normalised, step, unit


def ready(sessions=1, session_number=1, **settings):
    """At the start of a session."""
    method = member(Happy, sessions, **settings)
    for phase in range(2 * session_number):
        begun(method, phase, training() if phase < 2 else session())
    return begun(method, 2 * session_number, session())


def features_of(method, inputs):
    with torch.no_grad():
        found = method.encoder.eval()(normalised(inputs))
    method.encoder.train()
    return [unit(row) for row in found.double().tolist()]


def test_after_the_labelled_phase_by_loops():
    method = member(Happy)
    assert method.phases == pytest.approx((0.4, 0.0, 0.6, 0.0))
    given = training()
    begun(method, 1, given)
    rows, spread = features_of(method, given.inputs), 0.0
    for c in (0, 1):
        members = [row for row, y in zip(rows, given.labels.tolist(), strict=True) if y == c]
        mean = [math.fsum(column) / len(members) for column in zip(*members, strict=True)]
        torch.testing.assert_close(method.means[c], torch.tensor(unit(mean)))
        squares = [(v - m) ** 2 for row in members for v, m in zip(row, mean, strict=True)]
        spread += math.fsum(squares) / len(members) / len(mean) / 2
    assert method.spread.item() == pytest.approx(math.sqrt(spread), rel=1e-4)
    assert not method.means[2:].any()


@pytest.mark.parametrize("sessions, used", [(1, 4), (2, 3)])
def test_soft_entropy_by_loops(sessions, used):
    method = ready(sessions, share_weight=1.7, inner_weight=0.6)
    logits = torch.randn(9, used, generator=torch.Generator().manual_seed(1))
    mean = [0.0] * used
    for row in logits.double().tolist():
        total = math.fsum(math.exp(v) for v in row)
        mean = [m + math.exp(v) / total / 9 for m, v in zip(mean, row, strict=True)]

    def missing(shares):
        return math.log(len(shares)) + math.fsum(s * math.log(s) for s in shares)

    old, new = mean[:2], mean[2:]
    wanted = 1.7 * missing([sum(old), sum(new)])
    wanted += 0.6 * sum(missing([v / sum(part) for v in part]) for part in (old, new))
    assert method.soft_entropy(logits).item() == pytest.approx(wanted, rel=1e-5)


def test_prototype_loss_by_loops():
    method = ready()
    torch.manual_seed(4)
    found = method.prototype_loss(50).item()
    torch.manual_seed(4)
    classes = torch.multinomial(method.difficulty(method.means[:2]), 50, replacement=True)
    noise = torch.randn(50, method.means.shape[1])
    weights, total = [unit(row) for row in method.head.weight.double().tolist()], 0.0
    for c, drawn in zip(classes.tolist(), noise.double(), strict=True):
        noisy = unit((method.means[c].double() + method.spread.double() * drawn).tolist())
        logits = [dot(noisy, w) / 0.1 for w in weights]
        total -= (logits[c] - math.log(math.fsum(math.exp(v) for v in logits))) / 50
    assert found == pytest.approx(total, rel=1e-5)


def test_classes_that_are_like_others_are_drawn_more_often():
    means = F.normalize(torch.tensor([[1.0, 0, 0], [0.9, 0.3, 0], [0, 0, 1.0]]))
    method = member(Happy)
    alike = [sum(dot(a, b) for b in means.tolist()) - 1 for a in means.tolist()]
    wanted = [math.exp(v / 2 / 0.1) for v in alike]
    torch.testing.assert_close(method.difficulty(means), torch.tensor([v / sum(wanted) for v in wanted]))
    assert method.difficulty(means).argmin() == 2
    torch.testing.assert_close(member(Happy, hardness=False).difficulty(means), torch.full((3,), 1 / 3))
    assert member(Happy).difficulty(means[:1]).tolist() == [1.0]


def test_new_prototypes_begin_at_the_strangest_centres():
    method, other = ready(), ready(guided=False)
    lengths = [each.head.weight[2:].norm(dim=1).mean().item() for each in (method, other)]
    assert lengths[0] == pytest.approx(lengths[1], rel=1e-5)
    assert torch.equal(method.head.weight[:2], other.head.weight[:2])
    # a session of images that are all alike but for some: these are what no prototype in use is near
    rows = torch.tensor(features_of(method, session().inputs)).float()
    fresh = F.normalize(method.head.weight.detach()[2:])
    near = (fresh @ F.normalize(method.head.weight.detach()[:2]).T).amax(1).mean()
    usual = (rows @ F.normalize(method.head.weight.detach()[:2]).T).amax(1).mean()
    assert near < usual
    assert ((fresh @ rows.T).amax(1) > 0.9).all()


def test_old_prototypes_stay_and_a_session_adds_its_own():
    method = ready(sessions=2)
    before = method.means.clone()
    begun(method, 3, session())
    assert torch.equal(method.means[:2], before[:2]) and method.means[2].any() and not method.means[3].any()
    with torch.no_grad():
        method.encoder.eval()
        rows = F.normalize(method.encoder(normalised(session().inputs)))
        mine = rows[(method.head(rows)[:, :3]).argmax(1) == 2]
    wanted = F.normalize(mine.mean(0), dim=0) if len(mine) else F.normalize(method.head.weight[2], dim=0)
    torch.testing.assert_close(method.means[2], wanted.detach(), rtol=1e-4, atol=1e-5)


def test_with_everything_off_it_is_simgcd_in_sessions_without_entropy():
    off = {"share_weight": 0.0, "inner_weight": 0.0, "prototype_weight": 0.0, "distance_weight": 0.0}
    method, other = ready(guided=False, **off), member(SimGCDInSessions, entropy_weight=0.0)
    begun(other, 1, session())
    torch.testing.assert_close(method.loss(data()), other.loss(data()))
    assert ready(guided=False).loss(data()).item() != other.loss(data()).item()


def test_features_are_held_to_those_before_the_session():
    method = ready()
    base = member(Happy, distance_weight=0.0)
    before = {name: value.clone() for name, value in method.previous.state_dict().items()}
    step(method, data())
    assert all(torch.equal(value, before[name]) for name, value in method.previous.state_dict().items())
    assert not any(p.requires_grad for p in method.previous.parameters())
    images = torch.cat(data().views)
    with torch.no_grad():
        first, second = F.normalize(method.encoder(images)), F.normalize(method.previous.eval()(images))
    wanted = sum(
        sum((a - b) ** 2 for a, b in zip(*pair, strict=True))
        for pair in zip(first.tolist(), second.tolist(), strict=True)
    )
    features = method.encoder(images)
    cosines = method.head(features).chunk(2)
    torch.manual_seed(0)
    found = method.session_loss(data(), features, *cosines)
    method.distance_weight = base.distance_weight
    torch.manual_seed(0)
    without = method.session_loss(data(), features, *cosines)
    assert (found - without).item() == pytest.approx(wanted / len(images), rel=1e-2)
