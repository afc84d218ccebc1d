"""Which examples each network chooses for the other, by sorting; two separate trainings where none is left out."""

import pytest
import torch
from torch import nn

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.robust.co_teaching import CoTeaching
from tests.kit.classifiers import kept
from tests.kit.losses import cross_entropy, rows
from tests.kit.methods import SIZE, batch, made, step


def test_each_is_trained_on_what_the_other_finds_easy():
    method, data = made(CoTeaching, noise_rate=0.5), batch(("full",))
    method.progress = 0.9
    each = (method.head(method.encoder(data.views[0])), method.peer(data.views[0]))
    costs = [[cross_entropy(z, y) for z, y in rows(logits, data.labels)] for logits in each]
    easy = [sorted(range(SIZE), key=cost.__getitem__)[:6] for cost in costs]
    assert set(easy[0]) != set(easy[1])
    want = sum(costs[0][i] for i in easy[1]) / 6 + sum(costs[1][i] for i in easy[0]) / 6
    assert method.loss(data).item() == pytest.approx(want, rel=1e-5)


@pytest.mark.parametrize(
    "progress, gradual, count", [(0.0, 0.2, 100), (0.1, 0.2, 80), (0.2, 0.2, 60), (0.9, 0.2, 60), (0.0, 0.0, 60)]
)
def test_it_forgets_gradually_up_to_the_noise_rate(progress, gradual, count):
    method = CoTeaching(noise_rate=0.4, gradual=gradual)
    method.progress = progress
    assert method.kept(100) == count
    assert CoTeaching(noise_rate=1.0, gradual=0.0).kept(100) == 1


def test_without_forgetting_it_is_two_separate_trainings():
    method, alone = made(CoTeaching, noise_rate=0.0), made(CrossEntropy)
    alone.load_state_dict({name: value.clone() for name, value in method.state_dict().items() if "peer" not in name})
    for seed in (2, 3):
        step(method, batch(("full",), seed=seed))
        step(alone, batch(("full",), seed=seed))
    for name, value in alone.state_dict().items():
        torch.testing.assert_close(method.state_dict()[name], value)
    assert set(kept(method)) == set(alone.state_dict())


def test_the_peer_is_another_draw_of_the_same_weights():
    method = made(CoTeaching)
    ours = nn.Sequential(method.encoder, method.head)
    for a, b in zip(ours.parameters(), method.peer.parameters(), strict=True):
        torch.testing.assert_close(a.flatten().sort().values, b.flatten().sort().values)
    assert not ours[1].weight.equal(method.peer[1].weight)
    assert not ours[0].convolution.weight.equal(method.peer[0].convolution.weight)
