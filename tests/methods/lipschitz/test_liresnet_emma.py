"""The loss by loops; what is clipped and detached; the released code's form; limits."""

import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.lipschitz.liresnet_emma import LiResNetEMMA
from tests.kit.certified import SmallLipschitz, built, pixels
from tests.kit.classifiers import STD
from tests.kit.losses import log_softmax

RADIUS = 0.2


def made(**settings):
    method = built(LiResNetEMMA, SmallLipschitz, **{"radius": RADIUS, "iterations": 300, **settings}).double()
    method.progress = 0.3
    data = pixels()
    data.views = [data.views[0].double()]
    return method, data


@pytest.mark.parametrize("clip", [True, False])
def test_against_loops(clip):
    method, data = made(clip=clip, least=0.01)
    bound = method.encoder.exact().item() / STD
    rows = [row / row.norm() for row in method.head.weight]
    reach, total, cases = RADIUS * (0.1 + 1.4 * 0.6), 0.0, set()
    for z, y in zip(method.logits(method.encoder(data.views[0])).tolist(), data.labels.tolist(), strict=True):
        raised = list(z)
        for j in range(3):
            if j != y:
                constant = bound * (rows[j] - rows[y]).norm().item()
                e = min(max((z[y] - z[j]) / constant, 0.01 * reach), reach) if clip else reach
                cases.add("least" if e == 0.01 * reach else "all" if e == reach else "between")
                raised[j] += e * constant
        total -= log_softmax(raised)[y]
        if clip and all(z[j] < z[y] for j in range(3) if j != y):
            assert max(raised) <= z[y] + 0.01 * reach * constant + 1e-12
    assert cases == ({"least", "all", "between"} if clip else {"all"})
    assert method.loss(data).item() == pytest.approx(total / 12, rel=1e-4)


def test_radius_zero_is_cross_entropy_and_so_is_nothing_clipped_alike():
    method, data = made(radius=0.0)
    plain = F.cross_entropy(method.logits(method.encoder(data.views[0])), data.labels)
    torch.testing.assert_close(method.loss(data), plain)
    # a radius so small that every class that is behind is raised by all of it
    losses = [made(radius=1e-9, clip=clip)[0].loss(data) for clip in (True, False)]
    torch.testing.assert_close(losses[0], losses[1])


def test_reaches_are_detached():
    """The gradient in the logits is that of cross-entropy at the raised ones: nothing flows through e_j."""
    method, data = made()
    logits = method.logits(method.encoder(data.views[0])).detach().requires_grad_()
    method.objective(logits, data.labels).backward()
    with torch.no_grad():
        constants = method.constants(data.labels)
        own = logits.gather(1, data.labels[:, None])
        raised = (
            logits
            + ((own - logits) / constants.clamp_min(1e-30)).clamp(method.least * method.reach, method.reach) * constants
        )
        want = (raised.softmax(1) - F.one_hot(data.labels, 3)) / 12
    torch.testing.assert_close(logits.grad, want, rtol=1e-3, atol=1e-5)


def test_the_clip_weakens_the_loss_of_wrong_answers_alone():
    clipped = made()[0]
    whole = made(clip=False)[0]
    logits = torch.tensor([[9.0, 0.0, 0.0], [0.0, 9.0, 0.0]], dtype=torch.float64)
    labels = torch.tensor([0, 0])
    losses = [[method.objective(logits[i : i + 1], labels[i : i + 1]).item() for i in (0, 1)] for method in
              (clipped, whole)]  # fmt: skip
    assert losses[0][0] == pytest.approx(losses[1][0]) and losses[0][1] < losses[1][1]
    assert math.isfinite(losses[1][1])
