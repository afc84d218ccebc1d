"""The last classifier alone: on real features, in [0, 1], without a made one."""

import torch
import torch.nn.functional as F

from pipeline.contract import Batch
from pipeline.methods.zero_shot.feature_softmax import FeatureSoftmax
from tests.kit.zero_shot import SEEN, built


def test_it_learns_from_stored_features_alone():
    method = built(FeatureSoftmax, rows=64)
    torch.manual_seed(5)
    rows, labels = method.mixed()
    assert len(rows) == 64 and labels.max() < SEEN
    assert all((method.stored[method.given == y] == row).all(1).any() for row, y in zip(rows, labels, strict=True))
    torch.manual_seed(5)
    loss = method.loss(Batch([], labels, labels))
    assert torch.equal(loss, F.cross_entropy(rows @ method.last.weight.T + method.last.bias, labels))


def test_features_lie_between_nought_and_one():
    method = built(FeatureSoftmax)
    assert method.stored.amin(0).abs().max() < 1e-9 and (method.stored.amax(0) - 1).abs().max() < 1e-9


def test_it_learns_never_to_name_an_unseen_class():
    method = built(FeatureSoftmax, rows=64)
    optimizer = torch.optim.Adam(method.last.parameters(), lr=0.1)
    torch.manual_seed(0)
    for _ in range(150):
        optimizer.zero_grad()
        rows, labels = method.mixed()
        F.cross_entropy(method.last(rows), labels).backward()
        optimizer.step()
    answers = method.logits(method.stored).argmax(1)
    assert (answers == method.given).double().mean() > 0.9 and answers.max() < SEEN


def test_its_rate_is_in_proportion():
    method = built(FeatureSoftmax, last_rate=4.0)
    (optimizer,) = method.optimizers(lambda part: torch.optim.SGD(part.parameters(), lr=1.0), 0)
    assert [group["scale"] for group in optimizer.param_groups] == [4.0]
