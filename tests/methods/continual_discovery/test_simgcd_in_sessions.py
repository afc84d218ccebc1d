"""The labelled phase is SimGCD on the old classes, sessions have all so far; prototypes not in use play no part."""

import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.continual_discovery.simgcd_in_sessions import SimGCDInSessions
from pipeline.methods.discovery.simgcd import SimGCD
from tests.kit import discovery
from tests.kit.continual import data, member, session, training
from tests.kit.methods import begun, loop_nt_xent, normalised


def slow(one, two, temperature, epsilon):
    """Crossed cross-entropy and epsilon times the entropy that is missing, by loops over cosines of two views."""
    total, mean, size = 0.0, [0.0] * len(one[0]), 2 * len(one)
    for teacher, student in [*zip(one, two, strict=True), *zip(two, one, strict=True)]:
        above = [math.exp(v / temperature) for v in teacher]
        below = [math.exp(v / 0.1) for v in student]
        p = [v / math.fsum(below) for v in below]
        total -= math.fsum(q / math.fsum(above) * math.log(v) for q, v in zip(above, p, strict=True)) / size
        mean = [m + v / size for m, v in zip(mean, p, strict=True)]
    return total + epsilon * (math.log(len(mean)) + math.fsum(m * math.log(m) for m in mean))


@pytest.mark.parametrize("sessions, used", [(1, 4), (2, 3)])
def test_a_session_by_loops(sessions, used):
    method, given = member(SimGCDInSessions, sessions, entropy_weight=1.5), data()
    assert method.phases == pytest.approx([0.4, *[0.6 / sessions] * sessions])
    begun(method, 0, training())
    begun(method, 1, session())
    assert int(method.used) == used
    found = method.loss(given).item()
    method = method.double()
    features = method.encoder(torch.cat(given.views).double())
    cosines = (F.normalize(features) @ F.normalize(method.head.weight).T)[:, :used].tolist()
    half = len(cosines) // 2
    wanted = slow(cosines[:half], cosines[half:], 0.05, 1.5)
    wanted += loop_nt_xent(*method.projector(features).chunk(2), 1.0)
    assert found == pytest.approx(wanted, rel=1e-5)


def test_the_labelled_phase_is_simgcd_s_on_the_old_classes_alone():
    method, given = member(SimGCDInSessions), data(labelled=True)
    other = discovery.member(SimGCD, entropy_weight=1.0, teacher_start=0.05, teacher_end=0.05)
    features = method.encoder(torch.cat(given.views))
    cosines = method.head(features)[:, :2]
    torch.testing.assert_close(method.loss(given), other.total(features, given.labels, cosines))


def test_prototypes_that_are_not_in_use_have_no_part():
    method, given = member(SimGCDInSessions, 2), data()
    begun(method, 1, session())
    method.loss(given).backward()
    assert method.head.weight.grad[:3].any(1).all() and not method.head.weight.grad[3].any()
    images = normalised(session().inputs)
    assert int(method.eval().cluster_of(images).max()) < 3
    begun(method.train(), 2, session())
    assert int(method.used) == 4


def test_sessions_share_the_new_classes_evenly():
    method = member(SimGCDInSessions, 3)
    with pytest.raises(ValueError, match="2 new classes in 3 sessions"):
        begun(method, 1, session())
