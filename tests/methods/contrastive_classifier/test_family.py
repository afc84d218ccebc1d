"""What holds of every contrastive classifier: what each phase trains, whom the classifier sees, what is kept."""

import pytest
import torch
from torch.nn.functional import cross_entropy, linear

from tests.kit.classifiers import check_kept_state
from tests.kit.methods import CONTEXT, Training, batch, begun, made, members, step

FAMILY = members("contrastive_classifier")
N = CONTEXT.train_examples


@pytest.mark.parametrize("cls", FAMILY)
def test_phase_0_trains_encoder_and_projector_and_phase_1_the_head_alone(cls):
    method = begun(made(cls))
    method.loss(batch()).backward()
    reached = {name.split(".")[0] for name, p in method.named_parameters() if p.grad is not None and p.grad.any()}
    assert reached == {"encoder", "projector"}

    begun(method, 1, epoch=5).zero_grad()
    before = {name: value.clone() for name, value in method.encoder.state_dict().items()}
    data = batch()
    loss = step(method, data)
    assert {name for name, p in method.named_parameters() if p.grad is not None} == {"head.weight", "head.bias"}
    for name, value in method.encoder.state_dict().items():
        assert torch.equal(value, before[name]), name  # running statistics as well
    method.eval()
    logits = linear(method.encoder(data.views[0]), method.head.weight, method.head.bias)
    torch.testing.assert_close(method.logits(method.encoder(data.views[0])), logits)
    assert cross_entropy(logits, data.labels) < loss
    assert begun(method.train()).encoder.training


@pytest.mark.parametrize("cls", FAMILY)
def test_phases_share_the_epochs(cls):
    assert cls().phases == (0.75, 0.25)
    assert cls(contrast_share=0.9).phases == pytest.approx((0.9, 0.1))


@pytest.mark.parametrize("cls", FAMILY)
def test_the_classifier_sees_all_classes_alike(cls):
    labels = torch.tensor([0] * 40 + [1] * 6 + [2] * 2)
    method = begun(made(cls), 1, Training(labels=labels))
    torch.manual_seed(11)
    counts, places = torch.zeros(3), set()
    for _ in range(100):
        order = method.arrange(torch.randperm(N))
        assert len(order) == N
        counts += torch.bincount(labels[order], minlength=3)
        places |= set(order.tolist())
    assert (counts / counts.sum() - 1 / 3).abs().max() < 0.03
    assert places == set(range(N))


@pytest.mark.parametrize("cls", FAMILY)
def test_evaluation_needs_what_is_kept(cls):
    method, images = begun(made(cls)), batch().views[0]
    step(method, batch())
    fresh = made(cls, seed=9)
    check_kept_state(method, fresh, images)
    assert torch.equal(fresh.features(images), method.features(images))
    torch.testing.assert_close(method.features(images).norm(dim=1), torch.ones(len(images)))
